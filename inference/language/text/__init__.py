"""What a policy in words says, without a model of language: words, amounts, conditions, sentences."""
