"""Time and certificates against the plain formulation: `python -m benchmarks`."""
