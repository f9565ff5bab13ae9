"""What closed forms are found with: signs, roots and integrals, and how long that may take."""
