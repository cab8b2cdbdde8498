"""The machines of payment lines and of batches: their tables as data, their guards, and the steps they take."""
