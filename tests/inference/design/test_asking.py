"""Menus that ask: exact information, gradients, what errors cost, the front, and the loop that learns."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import multinomial

import contracts
import inference
from contracts import Box, Entropy, Linear, ProblemError, Quadratic, ScreeningProblem, Simplex, Welfare
from inference.design import loop
from inference.design.asking import _objective
from tests.strategies import examples

TWO = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic())


def random_problem(seed, n_types=3, n_goods=2, **fields):
    rng = np.random.default_rng(seed)
    fields.setdefault("cost", Quadratic())
    return ScreeningProblem(rng.uniform(1, 2, (n_types, n_goods)), rng.dirichlet(np.full(n_types, 3.0)), **fields)


# ---- information ----


def test_a_menu_that_reveals_every_type_is_worth_the_entropy_of_the_weights():
    menu = contracts.solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic())
    entropy = -0.75 * np.log(0.75) - 0.25 * np.log(0.25)
    assert inference.expected_information(menu, inference.BestResponse()) == pytest.approx(entropy, abs=1e-12)
    uniform = inference.expected_information(menu, inference.BestResponse(), [0.5, 0.5])
    assert uniform == pytest.approx(np.log(2), abs=1e-12)


@given(st.integers(0, 10**6), st.floats(0.01, 10.0))
@examples(20)
def test_information_is_the_expected_fall_in_entropy_of_the_posterior(seed, temperature):
    problem = random_problem(seed, 4)
    offer = inference.choice_set(problem, np.random.default_rng(seed).uniform(0, 2, (3, 2)), [0.5, 1.0, 1.5])
    model = inference.Logit(temperature)
    joint = problem.weights[:, np.newaxis] * model.probabilities(offer.utility)
    overall = joint.sum(axis=0)

    def entropy(p):
        return -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), axis=0)

    fall = entropy(problem.weights) - overall @ entropy(joint / overall)
    found = inference.expected_information(offer, model)
    assert found == pytest.approx(fall, abs=1e-12)
    assert 0 <= found <= entropy(problem.weights) + 1e-12


def test_weights_that_are_no_distribution_are_refused():
    with pytest.raises(ProblemError, match="no probabilities of 2 types"):
        inference.expected_information(contracts.solve_menu(TWO), inference.BestResponse(), [0.5, 0.6])


# ---- menus for agents who err ----


@pytest.mark.parametrize("fields", [{}, {"objective": Welfare([0.3, 0.0, 0.6])}, {"principal_values": 0.2}])
def test_derivatives_agree_with_differences(fields):
    problem = random_problem(1, **fields)
    rng = np.random.default_rng(2)
    allocations, transfers, step = rng.uniform(0.5, 1.5, (4, 2)), rng.uniform(0.5, 1.5, 4), 1e-6

    def value(x, t):
        return _objective(problem, x, t, 0.3, 0.7)[0]

    _, by_allocation, by_transfer = _objective(problem, allocations, transfers, 0.3, 0.7)
    for place in np.ndindex(4, 2):
        nudge = np.zeros((4, 2))
        nudge[place] = step
        slope = (value(allocations + nudge, transfers) - value(allocations - nudge, transfers)) / (2 * step)
        assert by_allocation[place] == pytest.approx(slope, abs=1e-7)
    for k in range(4):
        nudge = np.eye(4)[k] * step
        slope = (value(allocations, transfers + nudge) - value(allocations, transfers - nudge)) / (2 * step)
        assert by_transfer[k] == pytest.approx(slope, abs=1e-7)


def test_one_buyer_type_has_the_closed_form_of_a_logit_monopoly():
    """Value 1 for one unit at no cost: the best price solves p = T / (1 - P(buy)), the markup rule."""
    temperature = 0.2
    menu = inference.asking_menu([1.0], domain=Box(0, 1), cost=Linear(0.0), temperature=temperature, n_options=1)
    buys = menu.probabilities[0, 0]
    assert menu.options.allocations[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert menu.options.transfers[0] == pytest.approx(temperature / (1 - buys), rel=1e-4)
    prices = np.linspace(0.01, 1.5, 3000)
    brute = (prices / (1 + np.exp(-(1 - prices) / temperature))).max()
    assert menu.value == pytest.approx(brute, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.02, 0.1, 0.5])
def test_a_menu_made_for_errors_earns_more_than_one_made_for_none(temperature):
    menu = inference.asking_menu(TWO, temperature=temperature)
    careless = contracts.solve_menu(TWO).expected_value(inference.Logit(temperature))
    assert menu.value > careless
    assert menu.value == pytest.approx(menu.expected_value(), abs=0)


def test_its_value_and_information_are_those_of_its_choice_set():
    menu = inference.asking_menu(random_problem(3), temperature=0.2, information_weight=0.1)
    chances = inference.Logit(0.2).probabilities(menu.choice_set.utility)
    earned = (chances * menu.choice_set.payoff).sum(axis=1)
    assert menu.value == pytest.approx(menu.problem.weights @ earned, abs=1e-10)
    assert menu.information == pytest.approx(
        inference.expected_information(menu.choice_set, inference.Logit(0.2), menu.problem.weights), abs=1e-12
    )


def test_as_errors_vanish_the_value_approaches_that_of_the_proven_menu():
    best = contracts.solve_menu(TWO).value
    short = [best - inference.asking_menu(TWO, temperature=t).value for t in (0.1, 0.01, 0.001)]
    assert all(0 < later < sooner for sooner, later in itertools.pairwise(short))
    assert short[-1] < 0.01


def test_policies_without_money_stay_lotteries():
    rewards = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.3]])
    problem = ScreeningProblem(
        rewards,
        cost=Entropy(np.full(3, 1 / 3), 0.3),
        domain=Simplex(),
        transfers="none",
        outside_option=np.full(3, 1 / 3),
        objective=Welfare(),
    )
    menu = inference.asking_menu(problem, temperature=0.2, n_options=2)
    assert np.all(menu.options.transfers == 0)
    assert menu.options.allocations.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert menu.value > contracts.solve_menu(problem).expected_value(inference.Logit(0.2)) - 1e-9


def test_the_front_trades_value_for_information():
    front = inference.information_front(random_problem(5), temperature=0.2)
    values, information = (np.array([getattr(menu, name) for menu in front]) for name in ("value", "information"))
    assert len(front) > 4
    assert np.all(np.diff(values) <= 1e-9)
    assert np.all(np.diff(information) > 0)
    assert front[0].value == pytest.approx(inference.asking_menu(random_problem(5), temperature=0.2).value, abs=1e-9)


def test_types_are_told_from_one_choice_as_often_as_bayes_allows():
    menu, n_agents = inference.asking_menu(TWO, temperature=0.1, information_weight=0.2), 4000
    rng = np.random.default_rng(0)
    types = rng.choice(2, size=n_agents)
    choices = inference.Logit(0.1).simulate(menu.choice_set.utility[types], rng=rng)
    choices = np.where(choices == menu.choice_set.n_options, -1, choices)[:, np.newaxis]
    posterior = inference.infer_types(menu.choice_set, choices, choice_model=inference.Logit(0.1))
    told = (posterior.map == np.array(["0", "1"])[types]).mean()
    possible = (0.5 * menu.probabilities).max(axis=0).sum()
    assert told == pytest.approx(possible, abs=4 * np.sqrt(possible * (1 - possible) / n_agents))


def test_the_table_shows_options_and_chances():
    menu = inference.asking_menu(TWO, temperature=0.1)
    assert str(menu).startswith("AskingMenu: 1 option for logit choice at temperature 0.1; expected value 0.81")
    frame = menu.to_frame()
    assert frame.loc["outside", "chance of 0"] == menu.probabilities[0, -1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inference.asking_menu(TWO, temperature=0.0), "temperature is 0.0: it must be positive"),
        (lambda: inference.asking_menu(TWO, temperature=0.1, information_weight=-1), "must not be negative"),
        (lambda: inference.asking_menu(TWO, temperature=0.1, n_options=0), "offer at least one"),
        (
            lambda: inference.asking_menu(TWO, temperature=0.1, ambiguity=contracts.TotalVariation(0.1)),
            "takes no ambiguity",
        ),
        (
            lambda: inference.asking_menu(TWO, temperature=0.1, objective=Welfare(function=contracts.Isoelastic())),
            "linear in utilities",
        ),
        (
            lambda: inference.asking_menu(
                [[1.0, 0.5]],
                temperature=0.1,
                domain=contracts.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]),
                cost=Linear(0.0),
            ),
            "not Polyhedron",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(call, message):
    with pytest.raises(ProblemError, match=message):
        call()


# ---- the loop ----


def test_learning_lowers_regret_and_random_menus_do_not():
    problem = ScreeningProblem([1.0, 1.5, 2.0], [0.6, 0.3, 0.1], cost=Quadratic())
    curves = inference.simulate_learning(
        problem,
        temperature=0.1,
        n_rounds=6,
        n_users=20,
        n_runs=3,
        designers=["believed", "single contract", "random menus"],
        rng=np.random.default_rng(0),
    )
    believed, single, random = curves.regret
    assert np.all(curves.regret > -1e-6)  # nobody beats knowing the weights
    assert believed[:, -1].mean() < 0.5 * believed[:, 0].mean()
    assert believed.sum() < single.sum() < random.sum()
    assert curves.error[0, :, -1].mean() < curves.error[0, :, 0].mean()
    assert curves.cumulative[:, -1] == pytest.approx(curves.regret.mean(axis=1).sum(axis=1))


def test_the_same_seed_plays_the_same_game_whoever_else_plays():
    def play(designers):
        return inference.simulate_learning(
            TWO, temperature=0.1, n_rounds=3, n_runs=2, designers=designers, rng=np.random.default_rng(4)
        )

    alone, both = play(["thompson"]), play(["believed", "thompson"])
    assert alone.regret[0].tolist() == both.regret[1].tolist()


# ---- looking ahead, one step at a time ----


def first_round(n_users, remaining):
    """What a designer sees before anybody has chosen, with rounds to come; equal weights are believed, uniformly."""
    seen = []

    def watching(now):
        seen.append(now)
        return loop.believed(now)

    inference.simulate_learning(
        TWO,
        temperature=0.1,
        n_rounds=remaining + 1,
        n_users=n_users,
        n_runs=1,
        designers={"watching": watching},
        rng=np.random.default_rng(4),
    )
    return seen[0]


def telling_of(best):
    """The most telling of the menus that look-ahead weighs against the best one."""
    return inference.asking_menu(TWO, temperature=0.1, information_weight=best.value, starts=[best], n_random=0)


def outcomes(n_users, n_options):
    return [taken for taken in itertools.product(range(n_users + 1), repeat=n_options) if sum(taken) == n_users]


def worth(menu, n_users, remaining):
    """Exactly: this menu now, then the best one for what all n_users may have chosen; weights are uniform a priori."""
    nodes, measure = np.polynomial.legendre.leggauss(12)
    weights, measure = np.column_stack([1 + nodes, 1 - nodes]) / 2, measure / 2
    total = measure @ [menu.expected_value(w) for w in weights]
    for taken in outcomes(n_users, menu.probabilities.shape[1]):
        chances = measure * multinomial.pmf(taken, n_users, weights @ menu.probabilities)
        believed = chances @ weights / chances.sum()
        best = inference.asking_menu(TWO.under(believed), temperature=0.1, n_options=2, starts=[menu], n_random=0)
        total += remaining * chances @ [best.expected_value(w) for w in weights]
    return total


def test_a_more_telling_menu_pays_where_enough_rounds_follow_and_not_before():
    best = inference.asking_menu(TWO, temperature=0.1)
    telling = telling_of(best)
    assert telling.information > best.information + 0.05
    assert telling.value < best.value
    for remaining, pays in ((3, False), (100, True)):
        assert bool(worth(telling, 2, remaining) > worth(best, 2, remaining)) is pays


def test_looking_ahead_asks_from_the_round_on_from_which_answers_are_worth_their_price(monkeypatch):
    """The answers to the telling menu, and to it alone, are imagined to end all doubt; so its price is met exactly."""
    best = inference.asking_menu(TWO, temperature=0.1)
    telling = telling_of(best)
    certain = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    candidates = []

    def imagined(now, menu):
        candidates.append(menu)
        return certain if menu.information > telling.information - 1e-3 else [TWO.weights]

    monkeypatch.setattr(loop, "_imagined", imagined)
    now = first_round(n_users=2, remaining=0)
    assert loop.look_ahead(now).value == pytest.approx(best.value, abs=1e-6)  # nothing follows: what is best today
    first, _, last = candidates
    assert last.value == pytest.approx(telling.value, abs=1e-4)
    gain = np.mean([max(menu.expected_value(w) for menu in candidates) for w in certain]) - first.value
    rounds = (first.value - last.value) / gain
    assert rounds > 0
    for factor, asks in ((0.9, False), (1.1, True)):
        offered = loop.look_ahead(replace(now, remaining=factor * rounds))
        assert bool(offered.information > first.information + 0.05) is asks


def test_what_is_imagined_is_what_may_be_chosen_as_often_as_it_is_expected(monkeypatch):
    """Beliefs by a search along the line of all weights, chances from the multinomial: exact, but for the draws."""
    now, draws = first_round(n_users=2, remaining=5), 1000
    menu = telling_of(loop.believed(now))
    monkeypatch.setattr(loop, "IMAGINED", draws)
    monkeypatch.setattr(loop, "_learned", remembered(loop._learned))
    beliefs = np.array(loop._imagined(now, menu))[:, 0]

    def believed(taken):
        def loss(share):
            return -np.dot(taken, np.log(np.array([share, 1 - share]) @ menu.probabilities))

        share = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x
        joint = np.array([share, 1 - share])[:, np.newaxis] * menu.probabilities
        return (1 + np.dot(taken, joint[0] / joint.sum(axis=0))) / 4  # two agents and a concentration of one per type

    possible = outcomes(2, menu.probabilities.shape[1])
    expected = np.array([believed(taken) for taken in possible])
    chances = multinomial.pmf(possible, 2, now.problem.weights @ menu.probabilities)
    counts = (np.abs(beliefs[:, np.newaxis] - expected) < 1e-5).sum(axis=0)
    assert counts.sum() == draws
    assert np.all(np.abs(counts - draws * chances) <= 4 * np.sqrt(draws * chances * (1 - chances)))


def remembered(learned):
    """The same beliefs, computed once for the same counts."""
    known = {}

    def learn(problem, seen, counts, alpha):
        key = tuple(counts[-1])
        known[key] = known.get(key) or learned(problem, seen, counts, alpha)
        return known[key]

    return learn


def test_curves_are_drawn_and_tabled():
    curves = inference.simulate_learning(
        TWO, temperature=0.1, n_rounds=2, n_runs=1, designers=["believed"], rng=np.random.default_rng(0)
    )
    axes = curves.plot()
    assert axes.get_lines()[0].get_ydata().tolist() == curves.cumulative[0].tolist()
    assert len(curves.to_frame()) == 2
    assert str(curves).startswith("Regret against knowing the weights (")
    assert "1 run of 2 rounds" in str(curves)
    assert "nan" not in str(curves)  # one run has no standard error


def test_choices_from_a_menu_that_asks_are_read_as_those_from_any_menu():
    menu = inference.asking_menu(TWO, temperature=0.2)
    direct, listed = (
        inference.infer_types(offer, [[0, -1]], choice_model=inference.Logit(0.2)) for offer in (menu, [menu, menu])
    )
    own = inference.infer_types(menu.choice_set, [[0, -1]], choice_model=inference.Logit(0.2))
    assert direct.probabilities.tolist() == own.probabilities.tolist() == listed.probabilities.tolist()
    assert direct.expected_value(menu) == pytest.approx(own.expected_value(menu.choice_set), abs=0)


def test_unknown_designers_and_empty_games_are_refused():
    with pytest.raises(ProblemError, match="designer 'oracle' is unknown: use believed"):
        inference.simulate_learning(TWO, temperature=0.1, designers=["oracle"], rng=np.random.default_rng(0))
    with pytest.raises(ProblemError, match="n_rounds is 0"):
        inference.simulate_learning(TWO, temperature=0.1, n_rounds=0, rng=np.random.default_rng(0))
    with pytest.raises(ProblemError, match=r"rng is 0: pass numpy.random.default_rng\(0\)"):
        inference.simulate_learning(TWO, temperature=0.1, rng=0)
