"""What the paper leaves open: changing norms, noisy users, words apart from deeds, other users and another game."""
