"""Types and norms learned from observed choices, and menus designed on what was learned."""

from inference.choice_data import ChoiceData
from inference.social_preferences import (
    BoltonOckenfels,
    CharnessRabin,
    FehrSchmidt,
    SocialPreferences,
    acceptance_probability,
    best_offer,
    offer_probabilities,
)

__all__ = [
    "BoltonOckenfels",
    "CharnessRabin",
    "ChoiceData",
    "FehrSchmidt",
    "SocialPreferences",
    "acceptance_probability",
    "best_offer",
    "offer_probabilities",
]
