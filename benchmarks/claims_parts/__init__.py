"""Parts of the load benchmark of claims."""
