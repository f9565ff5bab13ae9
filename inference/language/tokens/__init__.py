"""What every reader of words shares: spelling in place, tokens with numbers, words that turn a meaning round."""
