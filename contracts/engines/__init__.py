"""Engines: each turns a problem into a candidate menu with the multipliers that bound all others."""
