"""Logit likelihoods of many people, and what follows from estimates."""
