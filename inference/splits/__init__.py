"""What a split is worth, and how it is proposed and answered."""
