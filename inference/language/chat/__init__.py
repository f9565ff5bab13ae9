"""Endpoints that answer: what is sent and kept, what it may cost, and what goes wrong."""
