"""What menus are compared by: objectives as data, at a problem, and as people name them in a line of text."""
