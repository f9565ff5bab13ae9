"""Types and norms learned from observed choices, and menus designed on what was learned."""

from inference.choice_data import ChoiceData

__all__ = ["ChoiceData"]
