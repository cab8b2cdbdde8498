"""How a claim is handled: what its channel and chain skip, tasks for others, how many approve which amount."""
