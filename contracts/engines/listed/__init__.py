"""Which IC rows are worth listing, of the many that most menus do not feel."""
