"""Tastes that vary continuously."""
