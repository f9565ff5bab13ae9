"""Whatever the user has, tables, names or files, becomes plain checked data, or a clear error."""
