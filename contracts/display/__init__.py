"""Columns, colours and pages that every result is shown with."""
