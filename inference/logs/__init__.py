"""Choice logs larger than memory."""
