"""How many examples a property takes; strategies are in contracts.testing, where users have them, too."""

from __future__ import annotations

from hypothesis import settings

STEADY = 25  # examples of a property in `make test`


def examples(most: int) -> settings:
    """So many examples in `make test`, for properties that take long to check, and their share in other profiles."""
    return settings(max_examples=max(1, most * settings.default.max_examples // STEADY))
