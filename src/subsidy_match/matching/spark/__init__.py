"""The vector engine on many machines: Spark hands out the files of an exported snapshot, our kernel matches each of them."""
