"""What changes a menu and its value: slopes, comparisons, and how wrong the weights may be."""
