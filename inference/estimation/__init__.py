"""What every estimator says of its result: errors, a summary, tests, and what follows from the estimates."""
