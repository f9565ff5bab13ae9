"""Several agents: what they report decides what is done and who pays, and telling the truth must be best for each."""
