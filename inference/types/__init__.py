"""Beliefs about known types."""
