"""Random problems, and an oracle that shares no code with the library, in search of wrong answers."""
