"""Types and norms learned from observed choices, and menus designed on what was learned."""

from inference.alike.multinomial import MultinomialLogit, fit_multinomial_logit
from inference.alike.nested import NestedLogit, fit_nested_logit
from inference.alike.records import load_multinomial_logit, load_nested_logit
from inference.choice.counts import ChoiceCounts
from inference.choice.data import ChoiceData
from inference.choice.information import expected_information
from inference.choice.model import AcceptReject, BestResponse, ChoiceModel, Logit, Tremble
from inference.choice.offered import ChoiceSet, choice_set
from inference.design.asking import AskingMenu, asking_menu, information_front
from inference.design.loop import LearningCurves, simulate_learning
from inference.estimation.derived import Derived, bootstrap, with_errors
from inference.estimation.hypotheses import (
    HypothesisTest,
    hausman_mcfadden_test,
    likelihood_ratio_test,
    wald_test,
)
from inference.game.assistant import Assistant
from inference.game.beliefs import share_norms
from inference.game.currencies import CurrencyKernel, currency_kernel
from inference.game.learned import LearnedNorm, learn_norm
from inference.game.manners import Listener
from inference.game.mixed import NormGroups, infer_groups, infer_user_norms
from inference.game.rules import Game, Setting
from inference.game.types import SplitTypes, fit_split_types
from inference.game.ultimatum import play
from inference.language.utilities.offline import read_utilities
from inference.language.utilities.problems import screening_problem_from_texts
from inference.language.utilities.reading import UtilityReading
from inference.language.utilities.writing import write_utilities
from inference.latent.classes import LatentClasses
from inference.latent.draws import TypeDraws, sample_latent_types
from inference.latent.fit import DegenerateTypesError, fit_latent_types
from inference.latent.fit_classes import fit_latent_classes
from inference.latent.records import load_latent_classes, load_latent_types
from inference.latent.selection import CrossValidation, TypeCounts, compare_type_counts, cross_validate
from inference.latent.types import LatentTypes
from inference.logit.convergence import Convergence
from inference.logit.estimates import Estimates
from inference.logit.simulated import simulate_choices
from inference.logs.log import ChoiceLog, UserCounts, read_log
from inference.logs.posteriors import PosteriorFile, infer_types_from_log
from inference.market.bids import BidValues, values_from_bids
from inference.market.earnings import confidence_set, menu_earnings
from inference.market.responses import (
    elasticities,
    marginal_effects,
    market_shares,
    surplus_change,
    willingness_to_pay,
)
from inference.market.supply import marginal_costs
from inference.norms.baseline import Baseline, acceptable_baseline
from inference.norms.contests import Strengths, fit_strengths
from inference.norms.elicitation import Acceptances, Comparisons, Rankings, Ratings
from inference.norms.norms import Norms, elicit_norms
from inference.norms.pooling import Pooling
from inference.norms.stated import Stated
from inference.people.answers import SurveyAnswers
from inference.people.found import FoundGroups, compare_found_groups
from inference.people.results import PeopleStudy
from inference.people.study import people_study
from inference.records import load_estimates
from inference.reports.summary import Summary
from inference.splits.answers import answers_of
from inference.splits.fit import fit_responders
from inference.splits.held_out import compare_responders
from inference.splits.policies import PreferencePolicy, ShareRule
from inference.splits.preferences import (
    BoltonOckenfels,
    CharnessRabin,
    CobbDouglas,
    FehrSchmidt,
    SocialPreferences,
    acceptance_probability,
    best_offer,
    offer_probabilities,
)
from inference.splits.responders import Responders
from inference.tastes.distribution import TasteDistribution
from inference.tastes.fit import fit_mixed_logit
from inference.tastes.hierarchical_logit import HierarchicalLogit, fit_hierarchical_logit
from inference.tastes.mixed_logit import MixedLogit
from inference.tastes.prior import HierarchicalPrior
from inference.tastes.records import load_mixed_logit
from inference.types.calibration import Calibration, calibration
from inference.types.draws import PopulationDraws
from inference.types.identification import Identification, identification
from inference.types.misfit import Misfit
from inference.types.population import Population
from inference.types.posterior import TypePosterior, infer_types

__all__ = [
    "AcceptReject",
    "Acceptances",
    "AskingMenu",
    "Assistant",
    "Baseline",
    "BestResponse",
    "BidValues",
    "BoltonOckenfels",
    "Calibration",
    "CharnessRabin",
    "ChoiceCounts",
    "ChoiceData",
    "ChoiceLog",
    "ChoiceModel",
    "ChoiceSet",
    "CobbDouglas",
    "Comparisons",
    "Convergence",
    "CrossValidation",
    "CurrencyKernel",
    "DegenerateTypesError",
    "Derived",
    "Estimates",
    "FehrSchmidt",
    "FoundGroups",
    "Game",
    "HierarchicalLogit",
    "HierarchicalPrior",
    "HypothesisTest",
    "Identification",
    "LatentClasses",
    "LatentTypes",
    "LearnedNorm",
    "LearningCurves",
    "Listener",
    "Logit",
    "Misfit",
    "MixedLogit",
    "MultinomialLogit",
    "NestedLogit",
    "NormGroups",
    "Norms",
    "PeopleStudy",
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
    "Stated",
    "Strengths",
    "Summary",
    "SurveyAnswers",
    "TasteDistribution",
    "Tremble",
    "TypeCounts",
    "TypeDraws",
    "TypePosterior",
    "UserCounts",
    "UtilityReading",
    "acceptable_baseline",
    "acceptance_probability",
    "answers_of",
    "asking_menu",
    "best_offer",
    "bootstrap",
    "calibration",
    "choice_set",
    "compare_found_groups",
    "compare_responders",
    "compare_type_counts",
    "confidence_set",
    "cross_validate",
    "currency_kernel",
    "elasticities",
    "elicit_norms",
    "expected_information",
    "fit_hierarchical_logit",
    "fit_latent_classes",
    "fit_latent_types",
    "fit_mixed_logit",
    "fit_multinomial_logit",
    "fit_nested_logit",
    "fit_responders",
    "fit_split_types",
    "fit_strengths",
    "hausman_mcfadden_test",
    "identification",
    "infer_groups",
    "infer_types",
    "infer_types_from_log",
    "infer_user_norms",
    "information_front",
    "learn_norm",
    "likelihood_ratio_test",
    "load_estimates",
    "load_latent_classes",
    "load_latent_types",
    "load_mixed_logit",
    "load_multinomial_logit",
    "load_nested_logit",
    "marginal_costs",
    "marginal_effects",
    "market_shares",
    "menu_earnings",
    "offer_probabilities",
    "people_study",
    "play",
    "read_log",
    "read_utilities",
    "sample_latent_types",
    "screening_problem_from_texts",
    "share_norms",
    "simulate_choices",
    "simulate_learning",
    "surplus_change",
    "values_from_bids",
    "wald_test",
    "willingness_to_pay",
    "with_errors",
    "write_utilities",
]
