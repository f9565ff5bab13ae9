"""Who prefers what, decided without rounding."""
