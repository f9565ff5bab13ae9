"""The result: what is on offer, who takes what, and the evidence."""
