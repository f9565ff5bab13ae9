"""Types and norms learned from observed choices, and menus designed on what was learned."""

from inference.choice import AcceptReject, BestResponse, ChoiceModel, Logit, Tremble
from inference.choice_data import ChoiceData
from inference.choice_set import ChoiceSet, choice_set
from inference.mixed_logit import MixedLogit, fit_mixed_logit
from inference.social_preferences import (
    BoltonOckenfels,
    CharnessRabin,
    FehrSchmidt,
    SocialPreferences,
    acceptance_probability,
    best_offer,
    offer_probabilities,
)
from inference.tastes import TasteDistribution

__all__ = [
    "AcceptReject",
    "BestResponse",
    "BoltonOckenfels",
    "CharnessRabin",
    "ChoiceData",
    "ChoiceModel",
    "ChoiceSet",
    "FehrSchmidt",
    "Logit",
    "MixedLogit",
    "SocialPreferences",
    "TasteDistribution",
    "Tremble",
    "acceptance_probability",
    "best_offer",
    "choice_set",
    "fit_mixed_logit",
    "offer_probabilities",
]
