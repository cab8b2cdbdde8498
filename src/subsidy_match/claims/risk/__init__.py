"""What an approval must look at first: duplicates, exclusivity, credit, and the sample of the quality check."""
