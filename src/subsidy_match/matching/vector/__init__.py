"""The vector engine: whole populations at once, with the same verdicts and amounts as the reference evaluator."""
