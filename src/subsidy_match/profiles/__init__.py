"""What we know of an enterprise: department files become documents in DuckDB, every value with its source."""
