"""Learn types and norms from observed choices (nothing here yet but its place)."""
