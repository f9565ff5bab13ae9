"""The command line: the verbs on files."""
