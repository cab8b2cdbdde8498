"""Declarative subsidy policies matched to enterprise profiles, pushed proactively, and paid safely."""

__all__ = ["__version__"]

__version__ = "0.1.0"
