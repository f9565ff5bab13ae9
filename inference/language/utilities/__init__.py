"""Utilities in words: readers that turn a text into weights of any attributes, and back."""
