"""Fronts of mechanisms for several agents."""
