"""Types on a line: closed forms, the reference engine as a second opinion, and what the engine refuses."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import ironing
from contracts.proof.bound import upper_bound
from contracts.testing.parts import MONEY, QUARTERS, shares, tastes

GAP = 1e-6  # what solve_menu is asked for: values agree to the sum of both gaps, relative to the certificate's scale
CLOSED = 1e-9  # the multipliers close the dual up to rounding, the flow's spare share of it and the repair's hairs
ROUNDING = 1e-12  # closed forms, in relative terms


def slip(*menus):
    """How far values of menus of one problem may differ."""
    return sum(GAP * menu.certificate.scale for menu in menus)


def oracle_of(problem):
    """The reference engine's menu; where it certifies none, it has no opinion."""
    try:
        return c.solve_menu(problem, method="reference")
    except c.SolverError:
        assume(False)  # noqa: FBT003
        raise


@st.composite
def principal_values(draw, theta):
    """Nothing, a constant, something that rises with the type, or anything: the last may force pooling of any kind.

    Types that nearly coincide are worth nearly the same: no float price could tell them apart.
    """
    kind = draw(st.sampled_from(["none", "common", "rising", "any"]))
    if kind == "none":
        return np.zeros_like(theta)
    if kind == "common":
        return np.full_like(theta, draw(QUARTERS))
    if kind == "rising":
        return theta * draw(st.sampled_from([0.25, 2.0])) + draw(QUARTERS)
    by_type = {value: draw(QUARTERS) for value in sorted(set(theta.round(6).tolist()))}
    return np.array([by_type[value] for value in theta.round(6).tolist()])


@st.composite
def one_good_costs(draw, money, *, bounded):
    kind = draw(st.sampled_from(["quadratic", "power", "linear"] if bounded else ["quadratic", "power"]))
    if kind == "quadratic":
        return c.Quadratic(money * draw(st.sampled_from([0.5, 1.0, 4.0])))
    if kind == "power":
        return c.Power(draw(st.sampled_from([1.5, 2.0, 3.0])), money * draw(st.sampled_from([0.5, 1.0])))
    return c.Linear(money * draw(QUARTERS))


@st.composite
def one_good_problems(draw, max_types=6, *, money=None, lowest=-2.0):
    """One good: regular, pooled, excluded, at a corner, duplicates and near-duplicates, tiny weights."""
    money = draw(st.sampled_from(MONEY)) if money is None else money
    n_types = draw(st.integers(1, max_types))
    theta = draw(tastes(n_types, 1, lowest=lowest))[:, 0]
    box = draw(st.sampled_from([None, (0.0, 1.0), (0.0, 3.0), (0.25, 1.25), (0.5, 0.5)]))
    return c.ScreeningProblem(
        money * theta,
        draw(shares(n_types)),
        cost=draw(one_good_costs(money, bounded=box is not None)),
        domain=c.NonNegative() if box is None else c.Box(*box),
        principal_values=money * draw(principal_values(theta)),
        reservation_utility=money * draw(st.sampled_from([0.0, 0.0, 0.5, -1.0])),
        participation=draw(st.sampled_from(["voluntary", "compulsory"])),
    )


@st.composite
def ray_problems(draw, max_types=5):
    """Several goods: valuations a_0 + theta_i e, the values to the principal along e as well."""
    money = draw(st.sampled_from(MONEY))
    n_goods, n_types = draw(st.integers(2, 3)), draw(st.integers(1, max_types))
    theta = draw(tastes(n_types, 1))[:, 0]
    direction = np.array([draw(st.sampled_from([0.0, 0.25, 1.0, 3.0])) for _ in range(n_goods)])
    assume(direction.any())
    direction = direction * draw(st.sampled_from([1.0, -1.0, 0.3]))
    origin = np.array([draw(QUARTERS) for _ in range(n_goods)]) * draw(st.sampled_from([0, 1]))
    worth = np.array([draw(QUARTERS) for _ in range(n_goods)])
    kind = draw(st.sampled_from(["nonnegative", "box", "free disposal", "raised box"]))
    domain = {
        "nonnegative": c.NonNegative(),
        "box": c.Box(),
        "free disposal": c.Simplex(free_disposal=True),
        "raised box": c.Box(0.25, 2.0),
    }[kind]
    cost = draw(st.sampled_from([c.Quadratic(1.0), c.Quadratic(0.5 + np.arange(n_goods)), c.Power(1.5, 1.0)]))
    if kind != "nonnegative" and draw(st.booleans()):
        cost = c.Linear(0.25)
    return c.ScreeningProblem(
        money * (origin + np.outer(theta, direction)),
        draw(shares(n_types)),
        cost=cost.scaled(1.0, 1.0 / money),
        domain=domain,
        principal_values=money * (worth + np.outer(draw(principal_values(theta)), direction)),
        reservation_utility=money * draw(st.sampled_from([0.0, 0.0, 0.5])),
    )


@st.composite
def regulated_problems(draw, max_types=5):
    """Cost types (Baron & Myerson): valuations minus marginal cost, a social value of the good, a weight on rents."""
    problem = draw(one_good_problems(max_types, money=draw(st.sampled_from(MONEY))))
    alpha = draw(st.sampled_from([0.25, 0.5, 1.0]))
    size = np.abs(problem.valuations).max()
    return dataclasses.replace(
        problem,
        valuations=-np.abs(problem.valuations),
        principal_values=problem.principal_values + 2 * size,
        objective=c.Welfare(alpha),
    )


def ironed(problem):
    menu = c.solve_menu(problem, method="ironing")
    assert menu.engine == "ironing"
    assert menu.certificate.is_exact
    return menu


def agree(problem):
    menu, oracle = ironed(problem), oracle_of(problem)
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)
    assert menu.upper_bound >= oracle.value - slip(oracle)


@given(one_good_problems())
def test_one_good_agrees_with_the_reference_engine(problem):
    agree(problem)


@given(ray_problems())
def test_rays_and_lines_in_several_dimensions_agree_with_the_reference_engine(problem):
    assume(not isinstance(ironing.line_of(problem), str))
    agree(problem)


@given(regulated_problems())
def test_cost_types_with_weight_on_rents_agree_with_the_reference_engine(problem):
    assume(not isinstance(ironing.line_of(problem), str))
    agree(problem)


@given(st.one_of(one_good_problems(), ray_problems(), regulated_problems()))
def test_multipliers_lie_on_the_flow_and_close_the_gap(problem):
    assume(not isinstance(ironing.line_of(problem.program), str))
    menu = ironed(problem)
    inflow, outflow = menu.ic_multipliers.sum(axis=0), menu.ic_multipliers.sum(axis=1)
    own = problem.weights - problem.weights * problem.terms.utility_weights
    missed = own + inflow - outflow - menu.ir_multipliers
    size = problem.weights + inflow + outflow + menu.ir_multipliers
    assert np.all(np.abs(missed) <= 1e-14 * problem.n_types * size)
    assert np.all(menu.ic_multipliers.data >= 0)
    assert np.all(menu.ir_multipliers >= 0)
    proven = upper_bound(problem.program, ironing.solve(problem.program).multipliers).value
    noise = 1e-9 * menu.certificate.scale  # where goods are measured in other units, prices round in these
    assert proven == pytest.approx(menu.upper_bound, rel=1e-12, abs=noise)
    assert menu.certificate.relative_gap <= GAP


# ---- closed forms ----


def test_mussa_rosen_on_the_unit_interval():
    """Types k/n, k = 1..n: the virtual type k/n - (1/n) (n - k) is 2 theta - 1 to the last digit."""
    n = 1000
    theta = np.arange(1, n + 1) / n
    menu = c.solve_menu(theta, cost=c.Quadratic(), method="ironing")
    amount = np.maximum(2 * theta - 1, 0.0)
    assert np.abs(menu.allocation[:, 0] - amount).max() <= 1e-9
    assert menu.value == pytest.approx((amount**2).mean() / 2, rel=CLOSED)
    assert abs(menu.value - 1 / 12) <= 1 / n
    assert menu.is_excluded.sum() == n // 2


@pytest.mark.parametrize("lowest", [1.0, 2.0])
def test_uniform_types_above_one_are_all_served(lowest):
    """U[a, a + 1]: x = 2 theta - a - 1, profit (3 a^2 + 1) / 6; the discrete error is about 0.5 / n."""
    n = 2000
    theta = lowest + (np.arange(n) + 0.5) / n
    menu = c.solve_menu(theta, cost=c.Quadratic(), method="ironing")
    assert np.abs(menu.allocation[:, 0] - (2 * theta - lowest - 1)).max() <= 0.5 / n + 1e-9
    assert abs(menu.value - (3 * lowest**2 + 1) / 6) <= 0.6 * lowest / n


TWO_TYPES = [(0.25, 2 / 3), (0.5, 0.0), (0.6, 0.0), (0.01, 1 - 0.01 / 0.99)]


@pytest.mark.parametrize(("high", "low_amount"), TWO_TYPES)
@pytest.mark.parametrize("money", MONEY)
def test_two_types(high, low_amount, money):
    """Maskin & Riley (1984): the low type gets max(0, 1 - p / (1 - p)), and is excluded from p = 1/2 on."""
    menu = c.solve_menu(money * np.array([1.0, 2.0]), [1 - high, high], cost=c.Quadratic(money), method="ironing")
    assert menu.allocation[:, 0] == pytest.approx([low_amount, 2.0], abs=1e-9)
    assert menu.value == pytest.approx(money * ((1 - high) * low_amount**2 / 2 + 2 * high), rel=CLOSED)


def test_three_types_are_pooled_where_virtual_valuations_fall():
    """theta = 2, 3, 4, f = .45, .1, .45: psi = 2 - .55/.45, 3 - 4.5, 4; the first two share (.35 - .15) / .55."""
    menu = c.solve_menu([2.0, 3.0, 4.0], [0.45, 0.1, 0.45], cost=c.Quadratic(), method="ironing")
    pooled = (0.45 * (2 - 0.55 / 0.45) + 0.1 * (3 - 0.45 / 0.1)) / 0.55
    assert menu.allocation[:, 0] == pytest.approx([pooled, pooled, 4.0], rel=1e-9)
    assert menu.option_of_type[0] == menu.option_of_type[1]
    assert menu.ic_multipliers[0, 1] > 0  # upward IC carries the price of pooling
    assert menu.value == pytest.approx(0.55 * pooled**2 / 2 + 0.45 * 8, rel=CLOSED)


def test_without_pooling_downward_prices_are_the_weight_above():
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    menu = c.solve_menu([1.0, 2.0, 3.0, 4.0], weights, cost=c.Quadratic(), method="ironing")
    downward = np.array([menu.ic_multipliers[k + 1, k] for k in range(3)])
    assert downward == pytest.approx([0.6, 0.3, 0.1], rel=ROUNDING)
    assert menu.ir_multipliers == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=ROUNDING)


def test_a_box_that_starts_above_zero_serves_everybody_at_its_corner():
    """Virtual valuations -1 and 2 in [1/4, 1]: both ends of the box; the low type pays what its corner is worth."""
    fields = {"cost": c.Linear(0.5), "domain": c.Box(0.25, 1.0), "participation": "compulsory"}
    menu = c.solve_menu([1.0, 2.0], [1 / 3, 2 / 3], method="ironing", **fields)
    assert menu.allocation[:, 0].tolist() == [0.25, 1.0]
    assert menu.transfer == pytest.approx([0.25, 1.75], rel=ROUNDING)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_regulation_of_a_monopolist_with_unknown_cost(alpha):
    """Baron & Myerson (1982): price = cost + (1 - alpha) F / f; demand 10 - p, costs 1 and 2, equally likely."""
    gross = c.Quadratic(1.0)  # consumers' surplus 10 x - x^2 / 2
    objective = c.Welfare(alpha) if alpha else c.Profit()
    menu = c.solve_menu(
        [-1.0, -2.0], cost=gross, principal_values=10.0, domain=c.Box(0.0, 10.0), objective=objective, method="ironing"
    )
    assert menu.allocation[:, 0] == pytest.approx([9.0, 8.0 - (1 - alpha)], rel=1e-9)
    assert menu.information_rent == pytest.approx([8.0 - (1 - alpha), 0.0], abs=1e-9)


def test_equal_types_share_their_contract_and_their_weight():
    menu = c.solve_menu([1.0, 2.0, 1.0, 2.0], [0.5, 0.1, 0.25, 0.15], cost=c.Quadratic(), method="ironing")
    whole = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), method="ironing")
    assert menu.value == pytest.approx(whole.value, rel=CLOSED)
    assert menu.option_of_type.tolist() == [menu.option_of_type[k] for k in (0, 1, 0, 1)]


@pytest.mark.parametrize("away", [1e-15, 1e-12, 1e-9, 1e-7])
def test_types_that_nearly_coincide_change_nothing_but_rounding(away):
    menu = c.solve_menu([1.0, 2.0, 2.0 + away], [0.5, 0.25, 0.25], cost=c.Quadratic(), method="ironing")
    whole = c.solve_menu([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic(), method="ironing")
    assert abs(menu.value - whole.value) <= 2 * away + CLOSED


@pytest.mark.parametrize("tiny", [1e-6, 1e-12, 1e-15])
def test_a_type_that_hardly_occurs_hardly_matters(tiny):
    menu = c.solve_menu([1.0, 1.5, 2.0], [0.75 - tiny, tiny, 0.25], cost=c.Quadratic(), method="ironing")
    whole = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), method="ironing")
    assert menu.certificate.is_exact
    assert abs(menu.value - whole.value) <= 2 * tiny + 2 * GAP * whole.certificate.scale


def test_a_ray_is_one_good_along_its_direction():
    """Valuations theta (3, 4): the best allocation is along the ray and worth as much as one good of value 5 theta."""
    theta = np.array([1.0, 1.5, 2.0])
    ray = c.solve_menu(np.outer(theta, [3.0, 4.0]), cost=c.Quadratic(), method="ironing")
    one = c.solve_menu(5 * theta, cost=c.Quadratic(), method="ironing")
    assert ray.value == pytest.approx(one.value, rel=CLOSED)
    assert ray.allocation @ [0.8, -0.6] == pytest.approx(np.zeros(3), abs=1e-9)


# ---- what it leaves to others, and what has no answer ----

OWN_OUTSIDE = c.ScreeningProblem(
    [1.0, 2.0, 3.0], [0.4, 0.3, 0.3], cost=c.Quadratic(), reservation_utility=[0.0, 2.0, 2.5]
)


def test_outside_options_of_their_own_go_to_the_general_engine():
    menu = c.solve_menu(OWN_OUTSIDE)
    assert not menu.engine.startswith("ironing")
    assert menu.certificate.is_exact
    assert np.all(menu.information_rent >= 0)


def test_outside_options_of_their_own_are_refused_where_they_bind():
    with pytest.raises(c.ProblemError, match=r"ironing.*reservation utility.*use method='auto'"):
        c.solve_menu(OWN_OUTSIDE, participation="compulsory", method="ironing")


def test_outside_options_of_their_own_that_do_not_bind_are_no_obstacle():
    slack = dataclasses.replace(OWN_OUTSIDE, reservation_utility=[0.5, 0.25, 0.0], participation="compulsory")
    menu, oracle = ironed(slack), c.solve_menu(slack, method="reference")
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


REFUSED = {
    "off a line": ({"valuations": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], "domain": c.Box()}, "do not lie on a line"),
    "two-sided": ({"valuations": [1.0, 2.0], "domain": c.Box(-1.0, 1.0)}, "reaches both sides"),
    "no money": ({"valuations": [1.0, 2.0], "transfers": "none"}, "transfers are limited"),
    "welfare": (
        {"valuations": [1.0, 2.0], "objective": c.Welfare(1.0, c.Exponential())},
        "not linear in utilities",
    ),
    "same taste": (
        {"valuations": [1.0, 1.0], "principal_values": [[0.0], [1.0]]},
        "equal valuation differ in principal_values",
    ),
    "bent": (
        {"valuations": [[1.0, 1.0], [2.0, 2.0]], "principal_values": [[0.0, 1.0], [1.0, 0.0]]},
        "principal_values bend away",
    ),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_line_is_refused_with_the_reason(fields, reason):
    with pytest.raises(c.ProblemError, match=f"method 'ironing' does not apply: .*{reason}.*use method='auto'"):
        c.solve_menu(c.ScreeningProblem(**{"cost": c.Quadratic(), **fields}), method="ironing")


UNBOUNDED = {
    "linear cost": ({"valuations": [1.0, 2.0], "cost": c.Linear(0.5)}, "the allocation of good '0'"),
    "saturating benefits": (
        {"valuations": [1.0, 2.0], "cost": c.Power(0.5, -1.0)},
        "the allocation of good '0'",
    ),
    "second good": (
        {"valuations": [[0.0, 1.0], [0.0, 2.0]], "cost": c.Linear([1.0, 0.5]), "goods": ["bread", "wine"]},
        "the allocation of good 'wine'",
    ),
    "welfare": (
        {"valuations": [1.0, 2.0], "cost": c.Quadratic(), "objective": c.Welfare(1.5)},
        "the transfer to every type",
    ),
}


@pytest.mark.parametrize(("fields", "direction"), UNBOUNDED.values(), ids=UNBOUNDED)
@pytest.mark.parametrize("money", MONEY)
def test_what_grows_without_limit_is_refused_with_the_direction(fields, direction, money):
    fields = {
        **fields,
        "valuations": money * np.array(fields["valuations"]),
        "cost": fields["cost"].scaled(1, 1 / money),
    }
    with pytest.raises(c.UnboundedMenuError) as raised:
        c.solve_menu(c.ScreeningProblem(**fields), method="ironing")
    assert raised.value.direction == direction


def test_welfare_weights_that_average_to_the_principals_own_leave_money_undecided_but_bounded():
    """Raising everybody's utility costs nothing: the value is bounded, and the menu is certified."""
    menu = c.solve_menu([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic(), objective=c.Welfare([1.0, 1.0]), method="ironing")
    assert menu.value == pytest.approx(1.25, rel=CLOSED)


# ---- many types ----


@pytest.mark.parametrize("n_types", [2_000, 20_000])
def test_many_types_with_much_pooling_are_certified(n_types):
    rng = np.random.default_rng(n_types)
    theta = np.sort(rng.uniform(0, 1, n_types))
    weights = rng.uniform(0.1, 1.0, n_types) ** 3
    menu = ironed(c.ScreeningProblem(theta, weights / weights.sum(), cost=c.Quadratic()))
    assert menu.certificate.holds
    assert menu.certificate.relative_gap <= 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("n_types", [100_000, 1_000_000])
def test_a_million_types_are_certified(n_types):
    theta = np.arange(1, n_types + 1) / n_types
    menu = ironed(c.ScreeningProblem(theta, cost=c.Quadratic()))
    assert menu.certificate.holds
    assert np.abs(menu.allocation[:, 0] - np.maximum(2 * theta - 1, 0.0)).max() <= 1e-4


@pytest.mark.slow
def test_a_hundred_thousand_random_types_with_pooling_are_certified():
    rng = np.random.default_rng(0)
    n_types = 100_000
    theta = rng.uniform(0, 1, n_types)
    weights = rng.uniform(0.1, 1.0, n_types)
    assert ironed(c.ScreeningProblem(theta, weights / weights.sum(), cost=c.Power(1.5))).certificate.holds


@pytest.mark.parametrize("seed", range(12))
def test_high_types_that_count_for_more_than_money_have_rents_that_grow_as_fast_as_they_may(seed):
    """Upward constraints bind below them: a type is tempted by the next one, and amounts rise above the first best."""
    rng = np.random.default_rng(seed)
    n_types = int(rng.integers(2, 8))
    shares = rng.dirichlet(np.full(n_types, 2.0))
    favour = np.sort(rng.uniform(0.0, 2.5, n_types)) if seed % 2 else rng.uniform(0.0, 2.5, n_types)
    favour *= rng.uniform(0.6, 1.0) / max(float(shares @ favour), 1.0)
    problem = c.ScreeningProblem(
        np.sort(rng.uniform(0.0, 3.0, n_types)).round(1),  # some alike
        shares,
        cost=(c.Quadratic(), c.Power(3.0), c.Linear(0.7))[seed % 3],
        domain=c.Box(0.0, 1.5),
        objective=c.Welfare(favour),
    )
    menu = c.solve_menu(problem)
    assert menu.engine == "ironing"
    assert menu.certificate.holds
    assert menu.value == pytest.approx(c.solve_menu(problem, method="reference").value, rel=1e-6)


def test_the_highest_type_takes_more_than_at_first_best_where_it_is_favoured():
    """Two types, weights .2 and 1.7: h_2 = -(.7/2)/(1/2) = -.7 times the step, and nothing falls on the lower type."""
    problem = c.ScreeningProblem(
        [0.5, 1.0], cost=c.Quadratic(), domain=c.Box(0.0, 3.0), objective=c.Welfare([0.2, 1.7])
    )
    assert c.solve_menu(problem).allocation.ravel() == pytest.approx([0.5, 1.0 + 0.5 * 0.7], abs=1e-7)
