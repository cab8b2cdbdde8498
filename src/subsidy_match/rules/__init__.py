"""What a policy says: typed tree, strict loading, reference evaluator, explanation."""
