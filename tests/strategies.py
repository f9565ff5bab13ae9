"""How many examples a property takes; strategies are in contracts.testing, where users have them, too."""

from __future__ import annotations

from hypothesis import settings


def examples(most: int) -> settings:
    """At most so many examples, for properties that take long to check; fewer where the profile asks for fewer."""
    return settings(max_examples=min(most, settings.default.max_examples))
