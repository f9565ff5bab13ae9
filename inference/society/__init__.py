"""Societal alignment: a society, what it says about itself, nine mechanisms, and what they do under the truth."""

from inference.society.claims import CLAIMS, judged, judged_along, judged_over_time
from inference.society.community import CommunityInput, Elicited, community_input, elicited
from inference.society.evaluation import Outcome, Truth, coherence, evaluate, full_information
from inference.society.frontier import Placement, placement
from inference.society.grid import SCALES, Scale, run_grid
from inference.society.mechanisms import MECHANISMS, Offer, Signal
from inference.society.probes.optimisation import Overoptimisation, overoptimisation
from inference.society.probes.promises import Promises, front_promises
from inference.society.probes.provider import ProviderStudy, provider_study
from inference.society.probes.shrinkage import shrunk
from inference.society.rounds import Course, run_course
from inference.society.scenarios import SCENARIOS, Cell, Communities, Scenario, communities, noisy_signal, run_cell
from inference.society.study import Study, societal_study
from inference.society.verdicts import Claim, Verdict
from inference.society.world import Society, load_society, moral_machine_society, synthetic_society

__all__ = [
    "CLAIMS",
    "MECHANISMS",
    "SCALES",
    "SCENARIOS",
    "Cell",
    "Claim",
    "Communities",
    "CommunityInput",
    "Course",
    "Elicited",
    "Offer",
    "Outcome",
    "Overoptimisation",
    "Placement",
    "Promises",
    "ProviderStudy",
    "Scale",
    "Scenario",
    "Signal",
    "Society",
    "Study",
    "Truth",
    "Verdict",
    "coherence",
    "communities",
    "community_input",
    "elicited",
    "evaluate",
    "front_promises",
    "full_information",
    "judged",
    "judged_along",
    "judged_over_time",
    "load_society",
    "moral_machine_society",
    "noisy_signal",
    "overoptimisation",
    "placement",
    "provider_study",
    "run_cell",
    "run_course",
    "run_grid",
    "shrunk",
    "societal_study",
    "synthetic_society",
]
