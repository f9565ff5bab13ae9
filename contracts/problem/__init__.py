"""What is asked: who the agents may be, what may be offered, what the principal wants, what is in doubt."""
