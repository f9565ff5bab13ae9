"""How agents choose, and what was seen of it."""
