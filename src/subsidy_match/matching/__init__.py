"""Who qualifies, for how much: match runs over a snapshot."""
