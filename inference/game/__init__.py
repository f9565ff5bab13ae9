"""The ultimatum game: who plays it, an assistant that learns its norms, recordings."""
