"""Buyers, firms and receivers: published numbers, conditions of the sources, and programs that share no code."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

import contracts as c
from contracts import models, solve_menu

EXACT = 1e-6  # of values and allocations of linear and quadratic programs that are solved to 1e-10


# ---- sequential screening ----

THIRDS = (np.arange(60) + 0.5) / 20
LEISURE = (THIRDS > 1) & (THIRDS < 2)
TRAVELLERS = np.array([LEISURE / 20, ~LEISURE / 40])


@pytest.mark.parametrize("refunds", [[0.0, 1.0], None], ids=["two refunds", "all refunds"])
def test_courty_and_li_sell_tickets_with_and_without_refund_and_take_the_whole_surplus(refunds):
    """Their travellers: 1.5 without refund, 1.75 with a refund of 1; profit 2/3, where waiting for values earns 1/3."""
    problem = models.sequential_screening(TRAVELLERS, [1 / 3, 2 / 3], values=THIRDS, unit_cost=1.0, refunds=refunds)
    menu = solve_menu(problem)
    assert menu.value == pytest.approx(2 / 3, abs=EXACT)
    assert menu.utility == pytest.approx([0.0, 0.0], abs=EXACT)
    if refunds is not None:
        assert menu.transfer == pytest.approx([1.5, 1.75], abs=EXACT)
        assert menu.allocation == pytest.approx(np.eye(2), abs=EXACT)
    waiting = max((price - 1.0) * float([1 / 3, 2 / 3] @ TRAVELLERS @ (price <= THIRDS)) for price in THIRDS)
    assert menu.value == pytest.approx(2 * waiting, abs=0.02)


def directly(chances, weights, values, cost):
    """The best mechanism that is told the type, then the value, with all rows of IC; a linear program."""
    n, m = chances.shape
    at = lambda i, k: i * m + k  # noqa: E731
    total = n * m
    gain = np.concatenate(
        [(weights[:, None] * chances * (values - cost)).ravel(), -(weights[:, None] * chances).ravel()]
    )
    rows = []
    for i in range(n):
        for k, other in itertools.permutations(range(m), 2):  # told the value: u_ik >= u_il + (v_k - v_l) q_il
            row = np.zeros(2 * total)
            row[total + at(i, other)], row[total + at(i, k)] = 1.0, -1.0
            row[at(i, other)] = values[k] - values[other]
            rows.append(row)
        row = np.zeros(2 * total)
        row[total + i * m : total + (i + 1) * m] = -chances[i]
        rows.append(row)  # IR before the value is known
        for j in set(range(n)) - {i}:
            mimic = row.copy()
            mimic[total + j * m : total + (j + 1) * m] += chances[i]
            rows.append(mimic)
    bounds = [(0, 1)] * total + [(None, None)] * total
    return -linprog(-gain, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), bounds=bounds).fun


@pytest.mark.parametrize("seed", range(6))
def test_lotteries_over_refunds_lose_nothing_against_all_mechanisms(seed):
    rng = np.random.default_rng(seed)
    n, m = 2 + seed % 2, 4
    chances, weights = rng.dirichlet(np.ones(m), n), rng.dirichlet(np.ones(n))
    values, cost = np.sort(rng.uniform(0, 3, m)), float(rng.uniform(0, 1.5))
    menu = solve_menu(models.sequential_screening(chances, weights, values=values, unit_cost=cost))
    assert menu.value == pytest.approx(directly(chances, weights, values, cost), abs=EXACT)


# ---- damaged goods ----


@pytest.mark.parametrize("seed", range(20))
def test_deneckere_and_mcafee_damage_where_it_wins_more_than_the_price_cut_costs(seed):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(1, 10, 2))
    damaged = np.sort(rng.uniform(0.2, 1.0, 2)) * np.array([low, low])
    share, cost = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0, 0.5))
    extra = cost + float(rng.uniform(0, 0.3))
    fields = {"damaged_values": damaged, "cost": cost, "damaged_cost": extra}
    menu = solve_menu(models.damaged_goods([low, high], [1 - share, share], **fields))
    alone = share * (high - cost) >= low - cost
    pays = (1 - share) * (damaged[0] - extra) > share * (damaged[1] - damaged[0])
    if alone:
        assert (menu.allocation[0, 1] > 0.5) == pays
        without = share * (high - cost)
        assert menu.value == pytest.approx(
            without + max((1 - share) * (damaged[0] - extra) - share * (damaged[1] - damaged[0]), 0.0), abs=EXACT
        )
        rent = damaged[1] - damaged[0] if pays else 0.0  # without damaged goods nobody has any: a Pareto improvement
        assert menu.utility == pytest.approx([0.0, rent], abs=EXACT)


@pytest.mark.parametrize(("worth", "damages"), [(lambda v: np.minimum(v, 0.4), True), (lambda v: v**2 / 2, False)])
def test_goods_are_damaged_where_those_who_value_less_mind_damage_less(worth, damages):
    """At the price p = 1/2 of types uniform on [0, 1]: worth(p) / p above worth'(p), or below."""
    values = (np.arange(40) + 0.5) / 40
    menu = solve_menu(models.damaged_goods(values, damaged_values=worth(values)))
    assert bool(menu.allocation[:, 1].max() > 0.5) == damages
    assert menu.value >= 0.25 - EXACT


# ---- countervailing incentives ----


@pytest.mark.parametrize("pooled", [2.75, 3.0, 3.25])
def test_lewis_and_sappington_pool_in_the_interior_and_leave_nobody_there_a_rent(pooled):
    """Types uniform, V' = 4 - q, K = 4 - k theta: V' = theta + F/f below, theta - (1 - F)/f above, k between."""
    count = 40
    theta = (np.arange(count) + 0.5) / count
    problem = models.countervailing(
        theta, fixed_costs=4 - pooled * theta, demand_intercept=4.0, participation="compulsory"
    )
    menu = solve_menu(problem)
    down, up = 4 - 2 * theta + 0.5 / count, 4 - (2 * theta - 1 + 0.5 / count)
    assert menu.allocation.ravel() == pytest.approx(np.maximum(down, np.minimum(up, pooled)), abs=1e-4)
    inside = (down < pooled - 0.1) & (up > pooled + 0.1)
    assert inside.sum() > 5
    assert menu.information_rent[inside] == pytest.approx(np.zeros(inside.sum()), abs=EXACT)
    assert menu.distortion.ravel()[down > pooled].max() <= 1e-4  # below the efficient quantity
    assert menu.distortion.ravel()[up < pooled].min(initial=0.0) >= -1e-4  # above it


def test_the_same_fixed_cost_for_all_countervails_nothing():
    one = solve_menu(models.regulation([1.0, 2.0], demand_intercept=10.0))
    other = solve_menu(models.countervailing([1.0, 2.0], fixed_costs=3.0, demand_intercept=10.0))
    assert other.allocation == pytest.approx(one.allocation, abs=1e-5)
    assert other.value == pytest.approx(one.value - 3.0, abs=EXACT)


def test_a_firm_whose_fixed_cost_is_too_high_is_left_out():
    menu = solve_menu(models.countervailing([1.0, 2.0], fixed_costs=[3.0, 90.0], demand_intercept=10.0))
    assert menu.is_excluded.tolist() == [False, True]


# ---- random participation ----


def posted(theta, shares, outside):
    """The best contracts of two tastes, taken or left, that give each taste one of the outside options."""
    best = 0.0
    for low, high in itertools.product(outside, repeat=2):
        step = (high - low) / (theta[1] - theta[0])
        if step < 0:
            continue
        quality = (min(theta[0], step), max(theta[1], step))
        won = [(outside <= utility + 1e-12).mean() for utility in (low, high)]
        earned = [t * q - q**2 / 2 - u for t, q, u in zip(theta, quality, (low, high), strict=True)]
        best = max(best, float(np.sum(np.array(shares) * won * earned)))
    return best


@pytest.mark.parametrize("count", [4, 8, 13])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_random_participation_is_worth_no_less_than_posted_contracts_and_the_same_without_chances(count, share):
    outside = np.arange(count) / count
    problem = models.random_participation([1.0, 2.0], [1 - share, share], outside_options=outside)
    menu, best = solve_menu(problem), posted([1.0, 2.0], [1 - share, share], outside)
    assert menu.upper_bound >= best - EXACT
    if np.all((menu.serving < EXACT) | (menu.serving > 1 - EXACT)):
        assert menu.value == pytest.approx(best, abs=EXACT)


def test_one_taste_is_offered_half_its_surplus_where_outside_options_are_even():
    """(S - u) G(u) with G even on [0, 2], S = 2: u = 1, and no chance of being served is worth more."""
    outside = (np.arange(40) + 0.5) / 20
    menu = solve_menu(models.random_participation([2.0], outside_options=outside))
    assert menu.value == pytest.approx(max((2 - u) * (outside <= u).mean() for u in outside), abs=EXACT)
    assert np.unique(menu.serving.round(6)).tolist() == [0.0, 1.0]


def test_where_only_the_low_taste_has_little_to_lose_quality_is_distorted_less_than_by_mussa_and_rosen():
    """Rents draw buyers in, so they are worth more than they cost (Rochet & Stole)."""
    alone = solve_menu(models.mussa_rosen([1.0, 2.0]))
    menu = solve_menu(models.random_participation([1.0, 2.0], outside_options=np.arange(8) / 8))
    assert menu.allocation[0, 0] > alone.allocation[0, 0] + 0.1


# ---- persuasion ----


def one_signal_for_all(thresholds, weights, states, prior):
    """The best experiment that everybody sees: signals after which those up to a threshold act; a linear program."""
    n, m = len(thresholds), len(states)
    acts = np.array([weights[thresholds <= least].sum() for least in thresholds])
    gain = np.concatenate([np.repeat(acts, m), np.zeros(m)])  # the last signal convinces nobody
    obeyed = np.zeros((n, (n + 1) * m))
    for k in range(n):
        obeyed[k, k * m : (k + 1) * m] = thresholds[k] - states
    told = np.tile(np.eye(m), n + 1)
    return -linprog(-gain, A_ub=obeyed, b_ub=np.zeros(n), A_eq=told, b_eq=prior).fun


@pytest.mark.parametrize("seed", range(8))
def test_a_menu_of_recommendations_does_no_better_than_one_experiment_for_all(seed):
    """Kolotilin, Mylovanov, Zapechelnyuk & Li (2017), theorem 1, by a linear program over public signals."""
    rng = np.random.default_rng(seed)
    thresholds, states = np.sort(rng.uniform(0, 1, 5)), np.sort(rng.uniform(0, 1, 4))
    weights, prior = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(4))
    menu = solve_menu(models.persuasion_menu(thresholds, weights, states=states, prior=prior))
    assert menu.certificate.holds
    assert menu.value == pytest.approx(one_signal_for_all(thresholds, weights, states, prior), abs=EXACT)


@pytest.mark.parametrize("count", [5, 9, 15])
def test_the_sender_tells_all_where_the_density_of_thresholds_rises_and_nothing_where_it_falls(count):
    grid = np.arange(count) / (count - 1)
    rising = np.arange(1.0, count + 1) / (count * (count + 1) / 2)
    menu = solve_menu(models.persuasion_menu(grid, rising, states=grid))
    told = (grid >= grid[:, np.newaxis]) / count
    assert menu.value == pytest.approx(float(rising @ told.sum(axis=1)), abs=EXACT)
    falling = rising[::-1]
    menu = solve_menu(models.persuasion_menu(grid, falling, states=grid))
    assert menu.value == pytest.approx(float(falling[grid <= 0.5].sum()), abs=EXACT)


def test_a_sender_who_shares_the_receivers_interest_tells_all():
    grid = np.arange(7) / 6
    problem = models.persuasion_menu(grid, states=grid, shared_interest=50.0)
    menu = solve_menu(problem)
    full = np.maximum(grid - grid[:, np.newaxis], 0.0).mean(axis=1)
    assert menu.utility == pytest.approx(full, abs=1e-5)


# ---- what is refused ----

REFUSED = [
    (models.sequential_screening, {"value_probabilities": [[0.5, 0.5], [0.2, 0.8]], "values": [1.0, 2.0]}, [
        ({"values": [2.0, 1.0]}, "values must rise, from 0 or more: sort them"),
        ({"values": [1.0]}, r"values has shape \(1,\); expected one per column, \(2,\)"),
        ({"value_probabilities": [[0.5, 0.5], [0.2, 0.7]]}, r"value_probabilities\[1\] sums to 0.9 .*give prob"),
        ({"value_probabilities": [[0.5, 0.5], [-0.2, 1.2]]}, r"value_probabilities\[1\] sums to 1 with the least"),
        ({"value_probabilities": [0.5, 0.5]}, r"write one type as \[\[...\]\]"),
        ({"unit_cost": -1.0}, "unit_cost.* must not be negative"),
        ({"refunds": [1.0, 1.0]}, "refunds must be different from one another"),
        ({"refunds": [-1.0]}, "refunds must be different from one another and not negative"),
    ]),
    (models.damaged_goods, {"values": [4.0, 10.0], "damaged_values": [3.0, 4.0]}, [
        ({"damaged_values": [3.0, 11.0]}, r"damaged_values\[1\] is 11.0, more than the 10.0 of a whole good: swap"),
        ({"damaged_values": [3.0]}, "damaged_values has 1 entries for 2 values: give one per type"),
        ({"cost": np.nan}, "cost is nan"),
    ]),
    (models.countervailing, {"marginal_costs": [1.0, 2.0], "fixed_costs": [2.0, 1.0], "demand_intercept": 10.0}, [
        ({"fixed_costs": [2.0]}, r"fixed_costs has shape \(1,\); expected one number, or one per type, \(2,\)"),
        ({"fixed_costs": [2.0, -1.0]}, r"fixed_costs\[1\] is -1.0: it must not be negative"),
        ({"participation": "free"}, "participation is 'free': use 'voluntary' or 'compulsory'"),
        ({"marginal_costs": [-1.0, 2.0]}, r"marginal_costs\[0\] is -1.0"),
    ]),
    (models.random_participation, {"types": [1.0, 2.0], "outside_options": [0.0, 0.5]}, [
        ({"outside_options": [0.5, 0.5]}, "outside_options must be different from one another: add up the weights"),
        ({"outside_options": []}, "outside_options"),
        ({"outside_weights": [0.5]}, "outside_weights has 1 entries for 2 outside options: give one each"),
        ({"types": [-1.0, 2.0]}, r"types\[0\] is -1.0: it must not be negative"),
    ]),
    (models.persuasion_menu, {"thresholds": [0.25, 0.75], "states": [0.0, 1.0]}, [
        ({"states": [1.0, 1.0]}, "states must be different from one another: add up the prior of equal ones"),
        ({"prior": [0.5, 0.4]}, "prior sums to 0.9, not 1: divide it by its sum"),
        ({"prior": [1.0, 0.0]}, r"prior\[1\] is 0.0: every state needs a positive share; leave out"),
        ({"thresholds": [[0.1, 0.2]]}, "thresholds has shape"),
    ]),
]  # fmt: skip
CASES = [(model, usual, wrong, says) for model, usual, faults in REFUSED for wrong, says in faults]


@pytest.mark.parametrize(("model", "usual", "wrong", "says"), CASES, ids=[says[:50] for *_, says in CASES])
def test_what_is_no_such_model_is_refused_by_the_name_of_the_argument(model, usual, wrong, says):
    with pytest.raises(c.ProblemError, match=says):
        model(**usual | wrong)
    assert solve_menu(model(**usual)).certificate.holds


def test_models_keep_the_labels_that_they_are_given():
    problem = models.random_participation([1.0, 2.0], outside_options=[0.0, 0.5], labels=("low", "high"))
    assert list(problem.labels) == ["low/0", "low/1", "high/0", "high/1"]
    assert list(models.persuasion_menu([0.1, 0.2], states=[0.0, 1.0], labels=("a", "b")).labels) == ["a", "b"]
