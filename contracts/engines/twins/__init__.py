"""Types that a solver takes for one: steps between them, and the rows it cannot see."""
