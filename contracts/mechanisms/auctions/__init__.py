"""Auctions of identical units to bidders of independent private values, by ironed virtual values."""
