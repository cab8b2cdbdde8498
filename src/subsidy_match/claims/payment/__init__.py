"""Payment: batches, the treasury's files, what the bank answers, returns."""
