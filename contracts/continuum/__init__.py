"""Continuous types: the schedule for a distribution, ironed and proven, and distributions as finitely many types."""
