"""Simple mechanisms, and their share of what is proven of every mechanism."""
