"""Outcomes on a line, actions on an interval: cells of outcomes, and deviations that are found as they tempt."""
