"""Three cultures, one assistant: the demonstration."""
