"""The command line of both packages."""

from inference.cli.app import app, main

__all__ = ["app", "main"]
