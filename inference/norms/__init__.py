"""What communities want, by what their members answered."""
