"""Whatever a public function is called with: an answer, an error of our own, or Python's about the signature."""

import inspect

import numpy as np
import pytest

from contracts.errors import ContractError
from tests import hostile, surface
from tests.conftest import PROFILE

NEED_A_SERVER = {
    "ChatEndpoint.ask", "EndpointAssistant.decide", "EndpointAssistant.propose", "EndpointMeta.revise",
    "EndpointReader.read", "EndpointReader.read_many", "EndpointUtilityReader.read",
}  # fmt: skip
COSTLY = (  # calls that compute for a while when a value happens to make sense: some values each, others in turn
    "Study", "communities", "placement", "societal_study", "sweep", "run_grid", "Sweep",
    "pareto_front", "run_cell", "compare_responders",
    "elicited", "ChatEndpoint", "Endpoint", "ChoiceLog", "read_log", "information_front", "comparative_statics",
    "slopes", "prior_radius", "Audit.repaired", "Audit.report",
    "people_study", "front_promises", "overoptimisation", "provider_study", "OptimalFace", "Overoptimisation",
    "Repaired", "Impossibility", "Slopes", "PriceOfSimplicity", "ComparativeStatics", "BidValues.reserve_interval",
    "ProviderStudy", "Regret",
)  # fmt: skip
HEAVY = (  # calls of some hundredths of a second where a value makes sense: a third of the values each, in turn
    "simulate_learning", "derive_wages", "derive_menu", "derive_schedule", "compare_contracts", "credit_rationing",
    "fit_latent_types", "fit_mixed_logit", "fit_hierarchical_logit", "HierarchicalLogit.screening_problem",
    "MixedLogit.screening_problem", "optimal_schedule", "solve_continuous_contract", "run_course", "refine",
    "optimal_face", "sample_latent_types", "cross_validate", "screening_problem_from_texts", "asking_menu",
    "compare_type_counts", "price_of_simplicity", "solve_lottery", "Polyhedron.",
)  # fmt: skip
SAMPLE = 150
REFUSED = NEED_A_SERVER | {"MenuCertificate.save"}  # proofs as files are of menus without hidden action


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    """Names of files that calls make up are written there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")


def refusals(cases):
    calls = surface.public_calls()
    found = [hostile.asked(calls[name], argument, value) for name, argument, value in cases]
    return [str(one) for one in found if one.outcome not in (hostile.ANSWER, hostile.REFUSED)]


def test_every_public_name_has_an_example():
    public = surface.public_values().items()
    assert {name for name, value in public if callable(value) and not surface.is_protocol(value)} <= set(
        surface.public_calls()
    )


@pytest.mark.slow
def test_every_argument_has_an_example():
    calls = surface.public_calls()
    for name, call in calls.items():
        if name in surface.WITHOUT_ARGUMENTS:
            continue
        parameters = inspect.signature(call.function()).parameters.values()
        wanted = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
        assert wanted <= set(call.arguments()), f"{name} has no example of {wanted - set(call.arguments())}"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(surface.public_calls()))
def test_every_example_is_answered(name):
    try:
        surface.public_calls()[name]()
    except ContractError:
        assert name in REFUSED
    else:
        assert name not in REFUSED


def test_a_sample_of_hostile_calls_is_answered_or_refused():
    ours = [name for name in surface.public_calls() if surface.module_of(name) == "contracts"]
    cheap = hostile.cases(name for name in ours if not name.startswith(COSTLY))
    chosen = np.random.default_rng(20).choice(len(cheap), SAMPLE, replace=False)
    assert refusals([cheap[k] for k in chosen]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(surface.public_calls()))
def test_every_hostile_call_is_answered_or_refused(name, monkeypatch):
    arguments, values = list(surface.public_calls()[name].arguments()), list(hostile.VALUES)
    step = 11 if name.startswith(COSTLY) else 3 if name.startswith(HEAVY) else 1
    step = 1 if PROFILE == "explore" else step
    if name in ("societal_study", "Study.report"):  # pages of a dozen pictures, which the examples have drawn
        monkeypatch.setattr("contracts.display.report.svg", lambda drawing: "<svg></svg>")
    cases = [(name, argument, value) for k, argument in enumerate(arguments) for value in values[k % step :: step]]
    assert refusals(cases) == []


@pytest.mark.slow
@pytest.mark.parametrize("value", ["True", "numpy True", "number as text", "text", "bytes", "1j", "nan", "Decimal NaN"])
def test_no_function_takes_text_truth_or_nothing_for_a_number(value):
    """Every argument that is annotated as a number, of every function."""
    calls = surface.public_calls()
    taken = []
    for name, call in calls.items():
        if "." in name or inspect.isclass(call.function()) or name.startswith(COSTLY):
            continue
        for argument, parameter in inspect.signature(call.function()).parameters.items():
            if parameter.annotation in ("int", "float", "Count", "Seed", "Positive"):
                verdict = hostile.asked(call, argument, value)
                if verdict.outcome != hostile.REFUSED:
                    taken.append(str(verdict))
    assert taken == []
