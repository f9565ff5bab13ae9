"""The command line of both packages."""

from inference.cli.verbs import app, main

__all__ = ["app", "main"]
