"""From a candidate in numbers to an exact menu, at the smallest loss."""
