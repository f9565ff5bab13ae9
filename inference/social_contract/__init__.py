"""Social Contract AI as experiments on an inference problem."""
