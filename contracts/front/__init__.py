"""Families of menus between objectives that compete."""
