"""Types and norms learned from observed choices, and menus designed on what was learned."""

from inference.asking import AskingMenu, asking_menu, information_front
from inference.baseline import Baseline, acceptable_baseline
from inference.bayesian_types import TypeDraws, sample_latent_types
from inference.calibration import Calibration, calibration
from inference.choice import AcceptReject, BestResponse, ChoiceModel, Logit, Tremble
from inference.choice_counts import ChoiceCounts
from inference.choice_data import ChoiceData
from inference.choice_set import ChoiceSet, choice_set
from inference.currencies import CurrencyKernel, currency_kernel
from inference.elicitation import Acceptances, Comparisons, Rankings, Ratings
from inference.estimates import Estimates
from inference.held_out import compare_responders
from inference.hierarchical_logit import HierarchicalLogit, fit_hierarchical_logit
from inference.hierarchical_sampler import HierarchicalPrior
from inference.identification import Identification, identification
from inference.information import expected_information
from inference.latent import DegenerateTypesError, fit_latent_types
from inference.latent_selection import CrossValidation, TypeCounts, compare_type_counts, cross_validate
from inference.latent_types import Convergence, LatentTypes, load_latent_types
from inference.learned_norm import LearnedNorm, learn_norm
from inference.learning_loop import LearningCurves, simulate_learning
from inference.log_posteriors import PosteriorFile, infer_types_from_log
from inference.logit_population import simulate_choices
from inference.logs import ChoiceLog, UserCounts, read_log
from inference.manners import Listener
from inference.misfit import Misfit
from inference.mixed_logit import MixedLogit, fit_mixed_logit
from inference.mixed_norms import NormGroups, infer_groups, infer_user_norms
from inference.norm_assistant import Assistant
from inference.norms import Norms, elicit_norms
from inference.pooling import Pooling
from inference.population import Population
from inference.population_draws import PopulationDraws
from inference.posterior import TypePosterior, infer_types
from inference.responders import Responders, answers_of, fit_responders
from inference.social_preferences import (
    BoltonOckenfels,
    CharnessRabin,
    FehrSchmidt,
    SocialPreferences,
    acceptance_probability,
    best_offer,
    offer_probabilities,
)
from inference.split_policies import PreferencePolicy, ShareRule
from inference.split_types import SplitTypes, fit_split_types
from inference.tastes import TasteDistribution
from inference.ultimatum import play
from inference.ultimatum_rules import Game, Setting

__all__ = [
    "AcceptReject",
    "Acceptances",
    "AskingMenu",
    "Assistant",
    "Baseline",
    "BestResponse",
    "BoltonOckenfels",
    "Calibration",
    "CharnessRabin",
    "ChoiceCounts",
    "ChoiceData",
    "ChoiceLog",
    "ChoiceModel",
    "ChoiceSet",
    "Comparisons",
    "Convergence",
    "CrossValidation",
    "CurrencyKernel",
    "DegenerateTypesError",
    "Estimates",
    "FehrSchmidt",
    "Game",
    "HierarchicalLogit",
    "HierarchicalPrior",
    "Identification",
    "LatentTypes",
    "LearnedNorm",
    "LearningCurves",
    "Listener",
    "Logit",
    "Misfit",
    "MixedLogit",
    "NormGroups",
    "Norms",
    "Pooling",
    "Population",
    "PopulationDraws",
    "PosteriorFile",
    "PreferencePolicy",
    "Rankings",
    "Ratings",
    "Responders",
    "Setting",
    "ShareRule",
    "SocialPreferences",
    "SplitTypes",
    "TasteDistribution",
    "Tremble",
    "TypeCounts",
    "TypeDraws",
    "TypePosterior",
    "UserCounts",
    "acceptable_baseline",
    "acceptance_probability",
    "answers_of",
    "asking_menu",
    "best_offer",
    "calibration",
    "choice_set",
    "compare_responders",
    "compare_type_counts",
    "cross_validate",
    "currency_kernel",
    "elicit_norms",
    "expected_information",
    "fit_hierarchical_logit",
    "fit_latent_types",
    "fit_mixed_logit",
    "fit_responders",
    "fit_split_types",
    "identification",
    "infer_groups",
    "infer_types",
    "infer_types_from_log",
    "infer_user_norms",
    "information_front",
    "learn_norm",
    "load_latent_types",
    "offer_probabilities",
    "play",
    "read_log",
    "sample_latent_types",
    "simulate_choices",
    "simulate_learning",
]
