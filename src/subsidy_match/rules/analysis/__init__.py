"""What can be proved of policies without any enterprise: conditions that never decide, money that jumps, clauses that clash."""
