"""Everybody has the same tastes: multinomial and nested logit."""
