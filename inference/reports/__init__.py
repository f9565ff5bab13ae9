"""What an estimate says of itself, and how it is kept in a file."""
