"""Programs as matrices, and the solvers that are asked: nothing here knows what a menu is."""
