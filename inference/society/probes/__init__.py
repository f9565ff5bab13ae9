"""Questions put to the same societies: signals shrunk, over-optimisation, what fronts promise, hidden effort."""
