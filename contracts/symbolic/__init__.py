"""Closed forms: the contracts of the textbooks as expressions, each with its derivation step by step."""
