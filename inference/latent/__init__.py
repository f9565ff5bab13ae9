"""Types that nobody has seen."""
