"""The best menu of few options, of given allocations, or around options that stay: searched for, and proven best."""
