"""Wages that implement an action at least cost, or the proof that none do."""
