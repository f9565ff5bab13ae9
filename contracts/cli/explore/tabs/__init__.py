"""What each tab lets people move, the problem that this states, and how its answer is drawn."""
