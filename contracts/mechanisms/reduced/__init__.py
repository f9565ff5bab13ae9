"""What bidders expect, without a table of profiles: which chances of winning are feasible, and by which lottery."""
