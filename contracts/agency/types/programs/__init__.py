"""Which contracts, and which actions, are best: linear programs that grow, and the search among assignments."""
