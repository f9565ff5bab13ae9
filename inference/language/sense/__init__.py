"""What a policy text is doing: whom it addresses, what it thinks of a stance, whether it is about a split at all."""
