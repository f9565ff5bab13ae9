"""All menus that are worth as much: what they have in common, and where they differ."""
