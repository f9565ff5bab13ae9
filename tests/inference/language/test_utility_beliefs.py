"""Words as prior, choices as evidence; groups in words as one problem."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import log_expit

from contracts import Quadratic, Simplex, Welfare, solve_menu
from contracts.errors import ProblemError
from inference import (
    Comparisons,
    Logit,
    Pooling,
    Stated,
    elicit_norms,
    infer_types,
    read_utilities,
    screening_problem_from_texts,
)
from inference.language import agreement_of_norms

NAMES = ["price", "speed", "reliability"]
POLICIES = {
    "basic": {"price": 1.0, "speed": 0.0, "reliability": 0.2},
    "fast": {"price": 0.3, "speed": 1.0, "reliability": 0.3},
    "steady": {"price": 0.4, "speed": 0.3, "reliability": 1.0},
}
TYPES = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])


def menu():
    problem = screening_problem_from_texts(
        {"savers": "80% price, 10% speed, 10% reliability", "gamers": "10% price, 80% speed, 10% reliability",
         "offices": "10% price, 10% speed, 80% reliability"},
        NAMES, scale=10, level=0, cost=Quadratic(),
    )  # fmt: skip
    return solve_menu(problem)


def answers(wins, policies=("basic", "fast")):
    """So many answers each way, of one group."""
    winner = [policies[0]] * wins[0] + [policies[1]] * wins[1]
    loser = [policies[1]] * wins[0] + [policies[0]] * wins[1]
    return Comparisons(["g"] * len(winner), winner, loser)


def test_valuations_are_weights_times_attributes():
    reading = read_utilities("70% price, 20% speed, 10% reliability", NAMES)
    table = np.array([[row[name] for name in NAMES] for row in POLICIES.values()])
    frame = pd.DataFrame(POLICIES).T[["reliability", "price", "speed"]]
    expected = reading.weights @ table.T
    for policies in (POLICIES, table, frame):
        assert_allclose(reading.valuations(policies), expected)
    assert_allclose(expected[0], [0.72, 0.44, 0.44], atol=0.02)


@pytest.mark.parametrize(
    ("policies", "match"),
    [
        ({"a": {"price": 1}}, "lacks"), ({"a": 3}, "level"), ([[1, 2]], "shape"),
        (pd.DataFrame({"price": [1]}), "column"),
        ({"a": {"price": 1, "speed": 1, "reliability": 1, "x": 1}}, "not among"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit_are_refused(policies, match):
    with pytest.raises(ProblemError, match=match):
        read_utilities("Price first", NAMES).valuations(policies)


def test_the_prior_of_types_follows_the_words():
    for text, likely in [("Price first.", 0), ("Speed over price, and speed over reliability.", 1)]:
        prior = read_utilities(text, NAMES).prior(TYPES)
        assert prior.sum() == pytest.approx(1)
        assert prior.argmax() == likely
    assert_allclose(read_utilities("Hello.", NAMES).prior(TYPES), 1 / 3, atol=1e-6)
    base = [0.6, 0.3, 0.1]
    assert_allclose(read_utilities("Hello.", NAMES).prior(TYPES, base), base, atol=1e-6)
    assert_allclose(
        read_utilities("Price first.", NAMES).prior(100 * TYPES), read_utilities("Price first.", NAMES).prior(TYPES)
    )
    several = read_utilities(["Price first.", "Speed first."], NAMES).prior(TYPES)
    assert several[0] == pytest.approx(several[1], abs=1e-6)


def test_words_and_choices_make_one_posterior_and_are_told_apart():
    offered = menu()
    model = Logit(temperature=5.0)
    reading = read_utilities("Price first.", NAMES)
    prior = reading.prior(offered)
    assert prior.argmax() == 0
    for chosen, contradicts in [(0, False), (1, True)]:
        choices = [[int(offered.option_of_type[chosen])] * 8]
        both = infer_types(offered, choices, prior, model)
        alone = infer_types(offered, choices, None, model)
        odds = both.probabilities[0] / alone.probabilities[0]
        assert_allclose(
            odds / odds[0], (prior / offered.problem.weights) / (prior[0] / offered.problem.weights[0]), rtol=1e-9
        )
        for posterior in (both, alone):  # the flag does not depend on the prior that the posterior holds
            agreement = reading.agreement(posterior, offered)
            assert agreement.contradicts.tolist() == [contradicts]
        assert_allclose(agreement.odds, np.exp(both.log_evidence - alone.log_evidence))


def test_a_stated_prior_is_that_of_a_posterior_found_by_another_optimiser():
    mean = np.array([[0.5, -0.5, 0.0]])
    covariance = np.array([[[0.5, 0.1, 0.0], [0.1, 0.4, 0.0], [0.0, 0.0, 0.3]]])
    stated = Stated(("g",), ("basic", "fast", "steady"), mean, covariance)
    norms = elicit_norms(answers((3, 9)), policies=["basic", "fast", "steady"], prior=stated, pooling=Pooling(1e3, 0.0))
    centre = np.eye(3) - 1 / 3
    precision = np.linalg.pinv(centre @ covariance[0] @ centre)

    def loss(v):
        v = centre @ v
        gap = v - mean[0]
        return 0.5 * gap @ precision @ gap - 3 * log_expit(v[0] - v[1]) - 9 * log_expit(v[1] - v[0])

    found = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-10})
    assert_allclose(norms.utilities[0], centre @ found.x, atol=1e-4)


def test_no_answers_leave_the_words_and_many_overrule_them():
    reading = read_utilities({"g": "Price is four times as important as speed."}, NAMES)
    stated = reading.stated(POLICIES, scale=5.0)
    few = elicit_norms(
        answers((1, 1), ("fast", "steady")), policies=list(POLICIES), prior=stated, pooling=Pooling(50, 0.0)
    )
    assert few.compare("basic", "fast")[0] > 0.9
    many = elicit_norms(answers((5, 95)), policies=list(POLICIES), prior=stated)
    assert many.compare("fast", "basic")[0] > 0.99


def test_answers_that_contradict_words_are_flagged():
    stated = read_utilities({"g": "Price is four times as important as speed."}, NAMES).stated(POLICIES, scale=5.0)
    for wins, contradicts in [((60, 20), False), ((2, 78), True)]:
        alone = elicit_norms(answers(wins), answers((20, 20), ("fast", "steady")))
        assert agreement_of_norms(stated, alone).contradicts.tolist() == [contradicts]


def test_priors_that_do_not_fit_are_refused():
    stated = read_utilities({"g": "Price first"}, NAMES).stated(POLICIES, scale=1.0)
    with pytest.raises(ProblemError, match="policies"):
        elicit_norms(answers((3, 3)), prior=stated)  # the words are about a policy that nobody was asked about
    with pytest.raises(ProblemError, match="symmetric"):
        Stated(("g",), ("a", "b"), [[0.0, 1.0]], [[[1.0, 0.5], [0.0, 1.0]]])
    with pytest.raises(ProblemError, match="scale"):
        read_utilities("Price first", NAMES).stated(POLICIES, scale=0)


# ---- one problem ----

SAID = {
    "savers": "Price is four times as important as speed, and I don't care about reliability.",
    "gamers": "Speed 80%, price 20%.",
    "offices": "Never compromise reliability; price is secondary.",
}


def test_groups_become_types_with_their_vagueness():
    problem = screening_problem_from_texts(SAID, NAMES, scale=10, weights=[0.5, 0.3, 0.2], cost=Quadratic())
    reading = read_utilities(SAID, NAMES)
    assert problem.labels == tuple(SAID)
    assert problem.goods == tuple(NAMES)
    assert_allclose(problem.valuations, 10 * reading.weights)
    factors = problem.uncertainty.factors
    root = np.einsum("tij,tkj->tik", factors, factors)
    assert_allclose(root / root[0, 0, 0], reading.covariance / reading.covariance[0, 0, 0], atol=1e-6)
    menu = solve_menu(problem)
    assert menu.certificate.holds
    vague = np.sqrt(np.trace(root, axis1=1, axis2=2))
    assert vague[2] > vague[1]


def test_the_ellipsoid_holds_what_it_says():
    reading = read_utilities("Price matters more than speed.", NAMES)
    problem = reading.screening_problem(level=0.8, cost=Quadratic())
    from inference.language.utilities.posterior import shares

    points = shares(reading.log_mean[0], reading.log_covariance[0], reading.signs[0]) - reading.weights[0]
    inverse = np.linalg.pinv(problem.uncertainty.factors[0], rcond=1e-6)
    inside = np.linalg.norm(points @ inverse.T, axis=1) <= 1
    assert 0.75 < inside.mean() < 0.9  # the weights are not exactly normal


def test_policies_without_money():
    problem = screening_problem_from_texts(
        SAID, NAMES, POLICIES, level=0, domain=Simplex(), transfers="none", objective=Welfare()
    )
    assert problem.goods == tuple(POLICIES)
    assert problem.uncertainty is None
    menu = solve_menu(problem)
    assert menu.certificate.holds
    assert menu.allocation[0].argmax() == 0
    assert menu.allocation[1].argmax() == 1


DEMANDS = {
    "savers": "Price is four times as important as speed. Speed must be at least 0.4.",
    "gamers": "80% speed, 20% price.",
    "offices": "Never compromise reliability.",
}


def test_floors_and_vetoes_are_rows_of_the_problem():
    said = {**DEMANDS, "savers": DEMANDS["savers"].replace("0.4", "3")}
    free = screening_problem_from_texts(said, NAMES, scale=10, level=0, cost=Quadratic())
    kept = screening_problem_from_texts(said, NAMES, scale=10, level=0, veto_level=7.5, cost=Quadratic())
    assert free.constraints == ()
    assert [row.name for row in kept.rows] == ["savers: speed at least 3", "offices: reliability at least 7.5"]
    before, after = solve_menu(free), solve_menu(kept)
    assert after.certificate.holds
    assert before.allocation[0, 1] < 2.9 < 3 - 1e-6 <= after.allocation[0, 1]
    assert before.allocation[2, 2] < 7.4 < 7.5 - 1e-6 <= after.allocation[2, 2]
    assert after.upper_bound < before.value  # lines cost the principal


def test_among_policies_a_line_is_about_what_is_expected():
    table = np.array([[row[name] for name in NAMES] for row in POLICIES.values()])
    options = {"level": 0, "domain": Simplex(), "transfers": "none", "objective": Welfare()}
    problem = screening_problem_from_texts(DEMANDS, NAMES, POLICIES, veto_level=0.6, **options)
    menu = solve_menu(problem)
    assert menu.certificate.holds
    levels = menu.allocation @ table
    assert levels[0, 1] >= 0.4 - 1e-6
    assert levels[2, 2] >= 0.6 - 1e-6


def test_the_strictest_of_a_group_draws_its_line():
    members = ["Speed at least 3.", "Speed of at least 5.", "Price below 8."]
    rows = read_utilities({"all": members}, NAMES).screening_problem(level=0, veto_level=1.0, cost=Quadratic()).rows
    assert {(row.name, row.lower, row.upper) for row in rows} == {
        ("all: speed at least 5", 5.0, None),
        ("all: price at most 8", None, 8.0),
    }


def test_every_user_may_have_words_of_her_own_as_prior():
    menu = solve_menu(screening_problem_from_texts(SAID, NAMES, scale=10, level=0, cost=Quadratic()))
    words = read_utilities(["Speed matters far more than price.", "Price matters far more than speed."], NAMES)
    by_text = words.prior(menu, by_text=True)
    assert_allclose(by_text.mean(axis=0), words.prior(menu))
    choices, model = [[0, 1], [0, 1]], Logit(temperature=20.0)
    both = infer_types(menu, choices, choice_model=model).with_prior(by_text)
    for k in range(2):
        alone = infer_types(menu, choices[k : k + 1], by_text[k], model)
        assert_allclose(both.probabilities[k], alone.probabilities[0])
    assert both.map.tolist() == ["gamers", "savers"]
    assert_allclose(both.to_dict()["prior"], by_text)
    again = both.update([[0], [1]])
    assert_allclose(again.probabilities.sum(axis=1), 1)
    with pytest.raises(ProblemError, match="3 rows for 2 users"):
        both.with_prior(np.full((3, 3), 1 / 3))


@pytest.mark.parametrize(("options", "match"), [({"scale": 0}, "scale"), ({"level": 1.0}, "level")])
def test_designs_that_do_not_fit_are_refused(options, match):
    with pytest.raises(ProblemError, match=match):
        screening_problem_from_texts(SAID, NAMES, **options)


def test_words_and_choices_beat_either_alone_on_simulated_people():
    """Ten people say which two of three attributes they put first, rightly; then each compares policies six times."""
    rng = np.random.default_rng(3)
    table = np.array([[row[name] for name in NAMES] for row in POLICIES.values()])
    errors = {"words": [], "choices": [], "both": []}
    for _ in range(6):
        true = rng.dirichlet(np.ones(3), size=10)
        utilities = 6.0 * true @ table.T
        utilities -= utilities.mean(axis=1, keepdims=True)
        order = np.argsort(-true, axis=1)
        texts = {f"p{k}": f"{NAMES[o[0]]} first, then {NAMES[o[1]]}, {NAMES[o[2]]} last." for k, o in enumerate(order)}
        words = read_utilities(texts, NAMES).stated(POLICIES, scale=6.0)
        pairs = rng.integers(3, size=(10, 6, 2))
        pairs[..., 1] = (pairs[..., 0] + 1 + pairs[..., 1] % 2) % 3
        gap = np.take_along_axis(utilities, pairs[..., 0], axis=1) - np.take_along_axis(
            utilities, pairs[..., 1], axis=1
        )
        first = rng.random(gap.shape) < 1 / (1 + np.exp(-gap))
        winner = np.where(first, pairs[..., 0], pairs[..., 1])
        loser = np.where(first, pairs[..., 1], pairs[..., 0])
        names = np.array(list(POLICIES))
        asked = Comparisons(np.repeat(list(texts), 6), names[winner.ravel()], names[loser.ravel()])
        order_of = {"groups": list(texts), "policies": list(POLICIES)}
        found = {
            "words": words.mean - words.mean.mean(axis=1, keepdims=True),
            "choices": elicit_norms(asked, **order_of).utilities,
            "both": elicit_norms(asked, prior=words, **order_of).utilities,
        }
        for name, one in found.items():
            errors[name].append(np.sqrt(((one - utilities) ** 2).mean()))
    mean = {name: np.mean(one) for name, one in errors.items()}
    assert mean["both"] < mean["words"]
    assert mean["both"] < mean["choices"]
