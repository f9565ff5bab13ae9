"""What is wrong with a menu from anywhere, by how much, and the smallest cure."""
