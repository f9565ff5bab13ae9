"""Who gets how much of a pie, read word by word and worked out: parts, counts, multiples, remainders."""
