"""Menus that ask, and the closed loop of asking and learning."""
