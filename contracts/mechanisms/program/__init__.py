"""A problem of several agents as a linear program, and what its vertices and contradictions mean."""
