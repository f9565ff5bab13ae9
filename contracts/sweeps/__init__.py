"""Many cells of one kind: run anywhere, in any order, to the same rows; what is finished is kept."""
