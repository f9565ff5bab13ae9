"""Beliefs about known types: Bayes by hand, properties, extreme evidence, and what is refused."""

import json
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ProblemError, Quadratic, ScreeningProblem, solve_menu
from inference import BestResponse, ChoiceCounts, ChoiceModel, Logit, Tremble, TypePosterior, choice_set, infer_types
from tests.inference.populations import choice_tables, goods_for, offers, revealing_offer, simulated
from tests.strategies import examples

ANY_ORDER = 1e-12  # promised for updates in any order
ROUNDING = 1e-11
MODELS = (Logit(0.5), Tremble(0.2), Tremble(0.1, Logit(1.0)))


@pytest.fixture(scope="module")
def menu():
    return solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))


@st.composite
def cases(draw, n_menus=1):
    n_types, n_users = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    menus = [draw(offers(n_types)) for _ in range(n_menus)]
    tables = [draw(choice_tables(offer, n_users)) for offer in menus]
    prior = np.array([float(draw(st.integers(1, 9))) for _ in range(n_types)])
    return menus, tables, prior / prior.sum(), draw(st.sampled_from(MODELS))


# ---- Bayes' rule ----


def test_posterior_is_the_textbook_formula(menu):
    """Utilities 0, -4/3, 0 of low and 0, 0, -2/3 of high at temperature 1/2; choices 0 and 1."""
    low, high = (np.exp(2 * np.array(u)) / np.exp(2 * np.array(u)).sum() for u in ((0, -4 / 3, 0), (0, 0, -2 / 3)))
    joint = np.array([0.75 * low[0] * low[1], 0.25 * high[0] * high[1]])
    posterior = infer_types(menu, [[0, 1]], choice_model=Logit(0.5))
    np.testing.assert_allclose(posterior.probabilities, [joint / joint.sum()], atol=1e-8)
    assert posterior.log_evidence == pytest.approx(math.log(joint.sum()), abs=1e-7)


def test_best_responses_are_bayes_in_fractions():
    """Low ties between the option and staying out, high buys: 1/2 against 1."""
    offer = choice_set(goods_for(2), [1.0], [1.0])
    posterior = infer_types(offer, [[0, 0, 0], [0, 0, -1]], [0.75, 0.25])
    eighth = Fraction(3, 4) / 8
    expected = eighth / (eighth + Fraction(1, 4))
    np.testing.assert_allclose(posterior.probabilities, [[float(expected), 1 - float(expected)], [1.0, 0.0]])


def test_before_any_choice_the_prior_is_the_posterior(menu):
    posterior = infer_types(menu, np.empty((3, 0)), choice_model=Logit(1.0))
    np.testing.assert_array_equal(posterior.probabilities, np.tile(menu.problem.weights, (3, 1)))
    assert posterior.log_evidence == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_array_equal(posterior.n_choices, [0, 0, 0])


@given(cases())
def test_probabilities_are_probabilities_and_bayes_rule_by_brute_force(case):
    (offer,), (table,), prior, model = case
    posterior = infer_types(offer, table, prior, model)
    p = model.probabilities(offer.utility)
    brute = np.tile(prior, (len(table), 1))
    for user, row in enumerate(table):
        for option in row.compressed():
            brute[user] *= p[:, option]  # index -1 is the outside option, last
    np.testing.assert_allclose(posterior.probabilities.sum(axis=1), 1.0, atol=ANY_ORDER)
    np.testing.assert_allclose(posterior.probabilities, brute / brute.sum(axis=1, keepdims=True), atol=ROUNDING)
    assert posterior.log_evidence == pytest.approx(np.log(brute.sum(axis=1)).sum(), abs=1e-9)
    np.testing.assert_array_equal(posterior.n_choices, np.ma.count(table, axis=1))


@given(cases(), st.randoms(use_true_random=False))
def test_permuting_types_users_or_rounds_permutes_the_posterior(case, random):
    (offer,), (table,), prior, model = case

    def shuffled(count):
        order = list(range(count))
        random.shuffle(order)
        return order

    types, users, rounds = shuffled(len(prior)), shuffled(len(table)), shuffled(table.shape[1])
    permuted = type(offer)(offer.utility[types], offer.payoff[types], [offer.labels[k] for k in types])
    once = infer_types(offer, table, prior, model)
    again = infer_types(permuted, table[users][:, rounds], prior[types], model)
    np.testing.assert_allclose(again.probabilities, once.probabilities[np.ix_(users, types)], atol=ANY_ORDER)
    assert again.log_evidence == pytest.approx(once.log_evidence, abs=ROUNDING)


@given(cases(n_menus=3), st.permutations(range(3)))
def test_the_order_of_updates_does_not_matter(case, order):
    menus, tables, prior, model = case
    n_users = len(tables[0])
    start = infer_types(menus[0], np.empty((n_users, 0)), prior, model)
    forward = backward = start
    for k in range(3):
        forward = forward.update(tables[k], menus[k])
    for k in order:
        for column in range(tables[k].shape[1]):  # one round at a time
            backward = backward.update(tables[k][:, column], menus[k])
    np.testing.assert_allclose(backward.probabilities, forward.probabilities, atol=ANY_ORDER, rtol=0)
    assert backward.log_evidence == pytest.approx(forward.log_evidence, abs=ANY_ORDER)
    named = {str(k): one for k, one in enumerate(menus)}
    rows = [(u, k, c) for k in range(3) for u in range(n_users) for c in tables[k][u].compressed()]
    if {u for u, _, _ in rows} == set(range(n_users)):
        frame = pd.DataFrame(rows, columns=["user", "menu", "option"]).sample(frac=1, random_state=0)
        at_once = infer_types(named, frame, prior, model)
        np.testing.assert_allclose(at_once.probabilities, forward.probabilities, atol=ANY_ORDER, rtol=0)


def test_a_menu_per_round_is_the_same_as_updates(menu):
    other = choice_set(menu.problem, [[0.5], [1.5]], [0.3, 1.9])
    rounds = infer_types([menu, other, menu], [[0, 1, 1], [-1, 0, 0]], choice_model=Logit(0.3))
    updates = infer_types(menu, [[0, 1], [-1, 0]], choice_model=Logit(0.3)).update([1, 0], other)
    np.testing.assert_allclose(rounds.probabilities, updates.probabilities, atol=ANY_ORDER)
    assert [seen.counts.sum() for seen in rounds.observed] == [seen.counts.sum() for seen in updates.observed]


def test_counts_are_sufficient(menu):
    table = np.array([[0, 1, -1, 0], [1, 1, 1, 0]])
    counted = ChoiceCounts([[2, 1, 1], [1, 3, 0]])
    rows = infer_types(menu, table, choice_model=Logit(0.5))
    np.testing.assert_array_equal(infer_types(menu, counted, choice_model=Logit(0.5)).probabilities, rows.probabilities)


def test_types_worth_the_same_keep_their_prior_odds():
    problem = ScreeningProblem([[1.0, 0.0], [1.0, 5.0]], [0.2, 0.8])
    offer = choice_set(problem, [[1.0, 0.0], [2.0, 0.0]], [0.5, 1.2])
    posterior = infer_types(offer, [[0, 1, 1, -1]], choice_model=Logit(0.2))
    np.testing.assert_allclose(posterior.probabilities, [[0.2, 0.8]], atol=1e-15)
    assert posterior.identification().pairs == (("0", "1"),)
    assert "Not told apart (choice probabilities within 0.01): 0 ~ 1" in repr(posterior)


# ---- extreme evidence ----


def test_a_million_choices_of_one_user_do_not_underflow(menu):
    model = Logit(0.5)
    p = model.probabilities(choice_set(menu).utility)
    counts = np.array([[500_000, 400_000, 100_000]])
    posterior = infer_types(menu, ChoiceCounts(counts), choice_model=model)
    exact = float(sum(int(c) * Fraction(float(x)) for c, x in zip(counts[0], np.log(p[0]), strict=True)))
    assert posterior.evidence.log_likelihood[0, 0, 0] == pytest.approx(exact, rel=1e-13)
    assert np.isfinite(posterior.log_evidence)
    np.testing.assert_array_equal(posterior.probabilities, [[0.0, 1.0]])


def test_a_million_choices_leave_the_odds_of_near_types_exact():
    """log odds = counts . (log p - log q), against exact fractions of the same logarithms."""
    problem = ScreeningProblem([1.0, 1.0 + 1e-6, 1.5])
    offer = choice_set(problem, [1.0, 2.0], [0.4, 1.3])
    model = Logit(0.7)
    log_p = model.log_likelihood(offer.utility)
    counts = np.array([[333_333, 333_334, 333_333]])
    odds = sum(
        int(c) * (Fraction(float(a)) - Fraction(float(b)))
        for c, a, b in zip(counts[0], log_p[0], log_p[1], strict=True)
    )
    relative, _ = infer_types(offer, ChoiceCounts(counts), choice_model=model).evidence.relative()
    assert relative[0, 0, 0] - relative[0, 0, 1] == pytest.approx(float(odds), abs=1e-13)


@examples(15)
@given(st.integers(0, 2**32 - 1))
def test_a_million_choices_in_any_order_of_updates(seed):
    rng = np.random.default_rng(seed)
    problem = ScreeningProblem(1.0 + 1e-3 * rng.random(4))
    menus = [choice_set(problem, rng.random(3), rng.random(3)) for _ in range(5)]
    counts = [ChoiceCounts(rng.multinomial(200_000, [0.3, 0.3, 0.2, 0.2])[np.newaxis]) for _ in menus]
    start = infer_types(menus[0], np.empty((1, 0)), choice_model=Logit(0.3))
    results = []
    for order in (range(5), rng.permutation(5)):
        posterior = start
        for k in order:
            posterior = posterior.update(counts[k], menus[k])
        results.append(posterior.probabilities)
    np.testing.assert_allclose(*results, atol=ANY_ORDER, rtol=0)


def test_tiny_temperatures_are_best_responses_until_somebody_errs(menu):
    sure = infer_types(menu, [[0, 0], [1, 1]], choice_model=Logit(1e-12))
    assert sure.map.tolist() == ["low", "high"]
    wrong = infer_types(menu, [[-1, 1]], choice_model=Logit(1e-12))  # low stays out, high buys: both err once
    np.testing.assert_array_equal(wrong.probabilities, [[0.0, 1.0]])  # the error of high costs 2/3, that of low 4/3
    assert wrong.log_evidence == pytest.approx(-2e12 / 3, rel=1e-6)


# ---- what is impossible ----


def test_a_choice_of_no_type_names_user_option_and_round():
    with pytest.raises(ProblemError) as caught:
        infer_types(revealing_offer(2), [[0, 0, 0], [1, -1, 1]], users=["ann", "bob"])
    assert str(caught.value) == (
        "user bob took option -1, the outside option, in round 1, which no type does under BestResponse(). "
        "Allow for mistakes: choice_model=Tremble(rate) or Logit(temperature), in a shell --tremble or --temperature"
    )


def test_choices_of_no_type_together_name_the_one_that_rules_out_the_last():
    offer = revealing_offer(3)
    first = infer_types(offer, [[0, 0], [1, 1], [2, 2]])
    with pytest.raises(
        ProblemError, match=r"user 1 took option 2 in round 1, which no type does that made the earlier"
    ):
        first.update([[0, 0], [1, 2], [2, 2]])
    two = infer_types(offer, [[0, 0], [1, 1], [2, 2], [2, 2]])
    with pytest.raises(ProblemError, match=r"user 2 took option 0 in round 0.* \(1 more user is like this\)"):
        two.update([0, 1, 0, 1])


def test_counts_that_no_type_explains_name_the_options():
    with pytest.raises(ProblemError, match=r"user 0 took option 0, option 1 \(the round is not known from counts\)"):
        infer_types(revealing_offer(2), ChoiceCounts([[1, 1, 0]]))
    with pytest.raises(ProblemError, match=r"user 0 took option -1, the outside option, \(the round is not known"):
        infer_types(revealing_offer(2), ChoiceCounts([[1, 0, 1]]))


def test_a_frame_names_its_own_round_and_menu():
    frame = pl.DataFrame({"user": ["ann", "ann"], "option": [0, 1], "menu": ["b", "b"], "round": [7, 3]})
    menus = {"a": revealing_offer(2), "b": revealing_offer(2)}
    with pytest.raises(ProblemError, match="user ann took option 0 of menu b in round 7, which no type does that made"):
        infer_types(menus, frame)


def test_a_tremble_forgives(menu):
    posterior = infer_types(revealing_offer(2), [[1, -1, 1]], choice_model=Tremble(0.1))
    assert posterior.map.tolist() == ["middle"]
    with pytest.raises(ProblemError, match="no choice model explains the choices of all users: BestResponse"):
        infer_types(revealing_offer(2), [[-1, -1], [0, 0]], choice_model=[BestResponse(), AlwaysOut()])


class AlwaysOut(ChoiceModel):
    """Nobody ever buys."""

    def log_likelihood(self, utility):
        log_p = np.full(np.shape(utility), -np.inf)
        log_p[..., -1] = 0.0
        return log_p

    def __repr__(self):
        return "AlwaysOut()"


def test_types_with_no_prior_are_not_believed_in():
    posterior = infer_types(revealing_offer(2), [[0, 0]], [1.0, 0.0], Logit(0.5))
    np.testing.assert_array_equal(posterior.probabilities, [[1.0, 0.0]])
    with pytest.raises(ProblemError, match="user 0 took option 1 in round 0, which no type does"):
        infer_types(revealing_offer(2), [[1]], [1.0, 0.0])


# ---- choice models inferred with the types ----


def test_the_joint_posterior_of_temperature_and_type_by_brute_force(menu):
    table = np.array([[0, 1, 0, -1], [1, 1, 1, 0], [-1, -1, 0, 0]])
    models, prior_m, prior = [Logit(0.2), Logit(1.0), Tremble(0.3)], np.array([0.5, 0.3, 0.2]), menu.problem.weights
    joint = np.zeros((3, 2, 2, 2))  # model, type of each of three users
    for m, model in enumerate(models):
        p = model.probabilities(choice_set(menu).utility)
        like = np.array([[np.prod(p[k, row]) for k in range(2)] for row in table])
        for index in np.ndindex(2, 2, 2):
            joint[m][index] = prior_m[m] * np.prod([prior[k] * like[u, k] for u, k in enumerate(index)])
    evidence = joint.sum()
    posterior = infer_types(menu, table, choice_model=models, model_prior=prior_m)
    np.testing.assert_allclose(posterior.model_probabilities, joint.sum(axis=(1, 2, 3)) / evidence, rtol=1e-12)
    for user in range(3):
        others = tuple(axis for axis in range(4) if axis != user + 1)
        np.testing.assert_allclose(posterior.probabilities[user], joint.sum(axis=others) / evidence, rtol=1e-12)
    assert posterior.log_evidence == pytest.approx(math.log(evidence), abs=1e-12)


def test_the_temperature_is_found(menu):
    rng = np.random.default_rng(3)
    offer, truth = choice_set(menu), Logit(0.4)
    types = rng.choice(2, 300, p=[0.75, 0.25])
    grid = [Logit(t) for t in (0.1, 0.2, 0.4, 0.8, 1.6)]
    posterior = infer_types(menu, simulated(offer, truth, types, 20, rng), choice_model=grid)
    assert posterior.choice_model == truth
    assert posterior.model_probabilities[2] > 0.999
    assert "Choice model: Logit(temperature=0.4) 1.00" in repr(posterior)


# ---- what it answers ----


def test_simulated_choices_recover_the_types():
    rng = np.random.default_rng(8)
    offer, model = revealing_offer(4), Logit(0.3)
    types = rng.integers(0, 4, 500)
    accuracy = [
        (infer_types(offer, simulated(offer, model, types, n, rng), choice_model=model).map == types.astype(str)).mean()
        for n in (1, 10, 100)
    ]
    assert accuracy[0] < accuracy[1] < accuracy[2]
    assert accuracy[2] > 0.99


def test_posterior_probabilities_are_calibrated():
    """Types drawn from the prior: among beliefs of about p, a share of p is right."""
    from inference import calibration

    rng = np.random.default_rng(5)
    offer, model, prior = revealing_offer(3), Logit(1.0), np.array([0.2, 0.3, 0.5])
    types = rng.choice(3, 20_000, p=prior)
    posterior = infer_types(offer, simulated(offer, model, types, 3, rng), prior, model)
    checked = calibration(posterior.probabilities, np.eye(3)[types])
    assert (checked.n_predictions > 500).sum() >= 8
    assert np.abs(checked.frequency - checked.predicted).max() < 0.02


def test_credible_sets_are_the_smallest_that_hold_the_level():
    posterior = infer_types(revealing_offer(3), np.empty((1, 0)), [0.5, 0.2, 0.3])
    for level, members in ((0.4, [1, 0, 0]), (0.5, [1, 0, 0]), (0.51, [1, 0, 1]), (0.8, [1, 0, 1]), (1.0, [1, 1, 1])):
        np.testing.assert_array_equal(posterior.credible_set(level), [np.array(members, dtype=bool)])


@given(cases(), st.floats(0.05, 0.99))
def test_credible_sets_hold_their_level_and_no_member_is_idle(case, level):
    (offer,), (table,), prior, model = case
    posterior = infer_types(offer, table, prior, model)
    members = posterior.credible_set(level)
    held = np.where(members, posterior.probabilities, 0).sum(axis=1)
    assert (held >= level - ANY_ORDER).all()
    least = np.where(members, posterior.probabilities, np.inf).min(axis=1)
    assert (held - least < level + ANY_ORDER).all()


def test_entropy_is_zero_for_the_certain_and_log_n_for_the_clueless():
    posterior = infer_types(revealing_offer(3), np.ma.masked_equal([[0], [-9]], -9), [1 / 3] * 3)
    np.testing.assert_allclose(posterior.entropy, [0.0, math.log(3)], atol=1e-15)


def test_thompson_samples_have_the_posterior_probabilities(menu):
    grid = [Logit(0.3), Logit(1.0)]
    posterior = infer_types(menu, [[0, 1], [1, 1], [-1, 0]], choice_model=grid)
    draws = posterior.sample(rng=np.random.default_rng(2), n_draws=20_000)
    shares = (draws == 1).mean(axis=0)
    np.testing.assert_allclose(shares, posterior.probabilities[:, 1], atol=4 * 0.5 / math.sqrt(20_000))
    together = (draws[:, 0] == 1) & (draws[:, 1] == 1)  # types of two users share the unknown temperature
    exact = (posterior.joint[:, 0, 1] * posterior.joint[:, 1, 1] / posterior.model_probabilities).sum()
    assert together.mean() == pytest.approx(exact, abs=4 * 0.5 / math.sqrt(20_000))
    assert posterior.sample(rng=np.random.default_rng(2)).shape == (3,)
    np.testing.assert_array_equal(
        posterior.sample(5, rng=np.random.default_rng(9)), posterior.sample(5, rng=np.random.default_rng(9))
    )


def test_expected_value_of_a_menu_is_the_principals_under_the_posterior(menu):
    certain = infer_types(menu, ChoiceCounts([[10**6, 0, 0], [0, 10**6, 0]]), choice_model=Tremble(0.01))
    value = certain.expected_value(menu)
    offer = choice_set(menu)
    by_hand = (Tremble(0.01).probabilities(offer.utility) * offer.payoff).sum(axis=1)
    np.testing.assert_allclose(value, by_hand, rtol=1e-12)
    np.testing.assert_allclose(certain.predict(menu), Tremble(0.01).probabilities(offer.utility), rtol=1e-12)


@given(cases())
def test_expected_value_is_linear_in_beliefs(case):
    (offer,), (table,), prior, model = case
    posterior = infer_types(offer, table, prior, model)
    earned = (model.probabilities(offer.utility) * offer.payoff).sum(axis=1)
    np.testing.assert_allclose(posterior.expected_value(offer), posterior.probabilities @ earned, atol=ROUNDING)
    np.testing.assert_allclose(posterior.predict(offer).sum(axis=1), 1.0, atol=ROUNDING)


def test_learned_weights_make_the_next_menu(menu):
    rng = np.random.default_rng(0)
    types = (rng.random(2000) < 0.6).astype(int)  # 60 % are high, the prior said 25 %
    choices = simulated(choice_set(menu), Logit(0.1), types, 10, rng)
    problem = infer_types(menu, choices, choice_model=Logit(0.1)).screening_problem(menu.problem)
    np.testing.assert_allclose(problem.weights, [1 - types.mean(), types.mean()], atol=0.01)
    assert solve_menu(problem).is_excluded.tolist() == [True, False]  # so many that low types are not worth serving


def test_another_prior_is_bayes_again(menu):
    table = [[0, 1, 0], [1, 1, -1]]
    changed = infer_types(menu, table, choice_model=Logit(0.5)).with_prior([0.1, 0.9])
    np.testing.assert_array_equal(changed.probabilities, infer_types(menu, table, [0.1, 0.9], Logit(0.5)).probabilities)


# ---- users ----


def test_users_of_frames_may_join_later(menu):
    start = infer_types(menu, pd.DataFrame({"user": ["bob", "bob"], "option": [0, 1]}), choice_model=Logit(0.5))
    more = start.update(pd.DataFrame({"user": ["ann", "bob", "carl"], "option": [1, 1, -1]}))
    assert more.users.tolist() == ["ann", "bob", "carl"]
    np.testing.assert_array_equal(more.n_choices, [1, 3, 1])
    at_once = infer_types(
        menu, pd.DataFrame({"user": ["carl", "bob", "bob", "ann", "bob"], "option": [-1, 1, 1, 1, 0]}),
        choice_model=Logit(0.5),
    )  # fmt: skip
    np.testing.assert_allclose(more.probabilities, at_once.probabilities, atol=ANY_ORDER)


def test_rows_of_an_array_keep_their_labels(menu):
    posterior = infer_types(menu, [[0], [1], [-1]], choice_model=Logit(0.5), users=["carl", "ann", "bob"])
    assert posterior.users.tolist() == ["ann", "bob", "carl"]
    np.testing.assert_array_equal(posterior.observed[0].counts, [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    again = posterior.update([1], users=["bob"])
    np.testing.assert_array_equal(again.observed[0].counts, [[0, 1, 0], [0, 1, 1], [1, 0, 0]])


# ---- showing and keeping ----


def test_the_table_reads_well(menu):
    posterior = infer_types(menu, [[0, 0, -1], [1, 1, 0]], choice_model=Logit(0.5), users=["ann", "bob"])
    lines = repr(posterior).splitlines()
    assert lines[0].startswith("Types of 2 users: 2 types, 6 choices, Logit(temperature=0.5), log evidence -6.22")
    assert lines[1].split() == ["user", "choices", "low", "high", "most", "probable", "entropy"]
    assert lines[2].split() == ["ann", "3", "0.9371", "0.0629", "low", "0.235"]
    long = infer_types(menu, np.zeros((50, 1), dtype=int), choice_model=Logit(0.5))
    assert "... 30 more users ..." in repr(long)


def test_the_population_is_a_frame_too(menu):
    population = infer_types(menu, [[0, 1], [1, 0]], choice_model=Logit(0.5)).population
    frame = population.to_frame()
    assert frame.index.tolist() == ["low", "high"]
    assert frame["smoothed"].tolist() == population.smoothed.tolist()
    assert frame["expected_users"].sum() == pytest.approx(2)


def test_one_type_and_nobody_read_well_too(menu):
    alone = infer_types(solve_menu([2.0], cost=Quadratic()), [[0]], choice_model=Logit(0.5))
    assert "1 user, 1 type, 1 choice," in str(alone).replace(": 1 type", ", 1 type")
    assert str(alone).endswith("One type: nothing to tell apart")
    assert str(alone.population).startswith("Population: 1 user, 1 type; ")
    nobody = infer_types(menu, [], choice_model=Logit(0.5))
    assert str(nobody.misfit(rng=np.random.default_rng(0))).startswith("Misfit: no type explains 0 of 0 users")


def test_frames_and_json_say_the_same(menu, tmp_path):
    posterior = infer_types(menu, [[0, 0, -1], [1, 1, 0]], choice_model=Logit(0.5), users=["ann", "bob"])
    frame = posterior.to_frame()
    assert frame.index.tolist() == ["ann", "bob"]
    np.testing.assert_array_equal(frame[["probability[low]", "probability[high]"]], posterior.probabilities)
    record = json.loads(posterior.save(tmp_path / "posterior.json").read_text())
    assert record == posterior.to_dict()
    assert record["schema"] == "menuwright/type-posterior/1"
    assert record["probabilities"] == posterior.probabilities.tolist()
    assert record["most_probable"] == ["low", "high"]
    with pytest.raises(ProblemError, match=r"posterior.json cannot be written: .*; make the folder .*nowhere first"):
        posterior.save(tmp_path / "nowhere" / "posterior.json")


@pytest.mark.slow  # ArviZ takes seconds to import
def test_arviz_holds_draws_of_the_posterior(menu):
    posterior = infer_types(menu, [[0, 0, -1], [1, 1, 0]], choice_model=Logit(0.5), users=["ann", "bob"])
    data = posterior.to_arviz(rng=np.random.default_rng(0), n_draws=4000, n_chains=2)
    drawn = data.posterior["type"]
    assert drawn.dims == ("chain", "draw", "user")
    assert drawn.shape == (2, 4000, 2)
    share = float((drawn.sel(user="ann") == 1).mean())
    assert share == pytest.approx(posterior.probabilities[0, 1], abs=0.02)
    np.testing.assert_array_equal(data.observed_data["counts_0"], posterior.observed[0].counts)


def test_results_do_not_change_under_their_user(menu):
    posterior = infer_types(menu, [[0]], choice_model=Logit(0.5))
    with pytest.raises(AttributeError):
        posterior.prior = np.array([0.5, 0.5])
    assert isinstance(posterior, TypePosterior)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda m: infer_types(m, [[0]], [0.5, 0.6]), "prior has smallest entry 0.5 and sum 1.1: give probabilities"),
        (lambda m: infer_types(m, [[0]], [1.0]), "prior has shape (1,); expected (2,)"),
        (lambda m: infer_types(m, [[0]], choice_model=Logit), "choice_model is the class Logit"),
        (lambda m: infer_types(m, [[0]], choice_model=[Logit(1.0), "x"]), "choice_model[1] is str 'x'"),
        (lambda m: infer_types(m, [[0]], choice_model="logit"), "choice_model is str 'logit': use Logit(temperature)"),
        (lambda m: infer_types(m, [[0]], choice_model=[]), "choice_model is an empty list"),
        (lambda m: infer_types(m, [[0]], model_prior=[0.5, 0.5]), "model_prior has shape (2,)"),
        (lambda m: infer_types(m, [[0]], concentration=0.0), "concentration must be positive"),
        (lambda m: infer_types(m, [[0]], concentration=[1.0] * 3), "concentration has shape (3,)"),
        (lambda m: infer_types(m, [[0]]).credible_set(0.0), "level is 0.0"),
        (lambda m: infer_types(m, [[0]]).update([[0], [0]]), "choices has 2 rows for 1 users"),
        (lambda m: infer_types(m, [[0]]).update([[0]], revealing_offer(3)), "the menu is about other types"),
        (lambda m: infer_types(m, [[0]]).expected_value(revealing_offer(3)), "the menu is about other types"),
        (lambda m: infer_types(m, [[0]]).screening_problem(goods_for(3)), "the problem is about 3 types such as 'low'"),
        (lambda m: infer_types(m, [[0]]).update([[0]], users=["ann"]), "users are 0, ... so far and 'ann', ... now"),
        (lambda m: infer_types(m, [[0]]).sample(rng=7), "rng is 7: pass numpy.random.default_rng(7)"),
        (lambda m: infer_types(m, [[0]]).misfit(rng=None), "rng is None: pass numpy.random.default_rng(seed)"),
        (lambda m: infer_types(m, [[0]]).population.gibbs(rng="7"), "rng is '7': pass numpy.random.default_rng(seed)"),
        (lambda m: infer_types(m, [[0]]).sample(-1, rng=np.random.default_rng(0)), "n_draws is -1"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(menu, make, words):
    with pytest.raises(ProblemError) as caught:
        make(menu)
    assert words in str(caught.value)


@pytest.mark.slow
def test_ten_million_choices_take_about_a_second(menu):
    """CPU time, and no more than a few times the bare counting of the same array."""
    import time

    rng = np.random.default_rng(0)
    choices = rng.integers(-1, 2, (100_000, 100))
    start = time.process_time()
    np.bincount((choices % 3 + 3 * np.arange(100_000)[:, np.newaxis]).ravel(), minlength=300_000)
    counting = time.process_time() - start
    start = time.process_time()
    posterior = infer_types(menu, choices, choice_model=Logit(0.5))
    assert posterior.probabilities.shape == (100_000, 2)
    assert time.process_time() - start < 6 * counting
