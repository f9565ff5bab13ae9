"""What no menu can beat, and whether this one keeps its word."""
