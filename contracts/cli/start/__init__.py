"""What `contracts new` and `contracts validate` do."""
