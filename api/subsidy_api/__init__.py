"""HTTP: JSON under /v1."""
