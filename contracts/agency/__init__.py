"""Hidden action: what an agent does cannot be seen, only what comes of it, and wages must make it worth while."""
