"""IC rows where they are needed: tables and closed forms, a second opinion, and engines that are stopped or broken."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import contracts as c
from contracts.engines import cuts
from contracts.engines.listed import neighbours
from contracts.errors import SolverError
from contracts.numerics import interior_point
from contracts.proof.bound import upper_bound
from contracts.testing.parts import LEGAL, MONEY, QUARTERS, SHARES, Cosh, costs, domains, fitting_cost, shares, tastes
from tests.strategies import examples

GAP = 1e-6  # what solve_menu is asked for: values agree to the sum of both gaps, relative to the certificate's scale
DIGITS = 2e-6  # tables give nine digits; menus are certified to GAP of the value


def slip(*menus):
    """How far values of menus of one problem may differ."""
    return sum(GAP * menu.certificate.scale for menu in menus)


def grid(n, low, high, *, corners, dimension=2):
    """n points per axis, corners included or at the middle of n equal cells."""
    axis = np.linspace(low, high, n) if corners else low + (high - low) * (np.arange(n) + 0.5) / n
    return np.stack(np.meshgrid(*[axis] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)


KINDS = [(domain, cost) for domain, of_domain in LEGAL.items() for cost in of_domain if cost != "own"]


@st.composite
def cuts_problems(draw, max_types=9):
    """Two to four goods, any cost with a hessian and any domain with an interior; ties, copies, tiny weights."""
    domain_kind, cost_kind = draw(st.sampled_from(KINDS))
    n_goods = draw(st.integers(2, 4))
    money = draw(st.sampled_from(MONEY))
    kind = draw(st.sampled_from(["coarse", "grid", "general"]))
    if kind == "coarse":
        valuations = draw(tastes(draw(st.integers(1, max_types)), n_goods))
    elif kind == "grid":
        valuations = grid(3 if n_goods == 2 else 2, draw(QUARTERS), 3.0, corners=True, dimension=n_goods)
    else:
        rng = np.random.default_rng(draw(st.integers(0, 2**16)))
        valuations = rng.uniform(-0.5, 2.0, (draw(st.integers(2, max_types)), n_goods))
    n_types = len(valuations)
    domain = draw(domains(n_goods, domain_kind))
    fields = {
        "valuations": money * valuations,
        "weights": draw(shares(n_types)),
        "cost": draw(costs(n_goods, fitting_cost(domain, cost_kind), money)),
        "domain": domain,
        "participation": "compulsory",
    }
    if draw(st.booleans()):
        fields["principal_values"] = money * np.array([draw(QUARTERS) for _ in range(n_goods)])
    if draw(st.booleans()):
        fields["reservation_utility"] = money * np.array([draw(SHARES) for _ in range(n_types)])
    problem = c.ScreeningProblem(**fields)
    assume(cuts.reason_against(problem) is None)  # such as a total that nothing curbs in some direction
    return problem


def solved(problem, **arguments):
    """The menu of a problem; problems whose types nearly coincide may raise, and then prove nothing here."""
    try:
        return c.solve_menu(problem, **arguments)
    except SolverError:
        assume(False)  # noqa: FBT003
        raise


def apart(problem, least=1e-4):
    """Whether no two types are nearly, but not quite, alike, no type is nearly absent, and conjugates are accurate."""
    if isinstance(problem.domain, c.Polyhedron) and isinstance(problem.cost, c.Power):
        return False  # a power cone program over a polyhedron leaves gaps of 1e-5: certified only if asked for that
    unit = np.abs(problem.valuations).max()
    distance = np.abs(problem.valuations[:, np.newaxis] - problem.valuations).max(axis=2)
    return bool(np.all((distance == 0) | (distance >= least * unit)) and problem.weights.min() >= least)


@examples(12)
@given(cuts_problems())
def test_every_menu_is_exact_and_within_the_gap_of_the_reference_engine(problem):
    menu, oracle = solved(problem, method="cuts"), solved(problem, method="reference")
    assert menu.engine == "cuts"
    assert menu.certificate.is_exact
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


@given(cuts_problems().filter(apart))
def test_types_that_are_well_apart_are_always_solved(problem):
    assert c.solve_menu(problem, method="cuts").certificate.holds


@examples(12)
@given(cuts_problems())
def test_multipliers_lie_on_the_flow(problem):
    menu = solved(problem, method="cuts")
    inflow, outflow = menu.ic_multipliers.sum(axis=0), menu.ic_multipliers.sum(axis=1)
    missed = problem.weights + inflow - outflow - menu.ir_multipliers
    size = problem.weights + inflow + outflow + menu.ir_multipliers
    assert np.all(np.abs(missed) <= 1e-14 * problem.n_types * size)
    assert np.all(menu.ic_multipliers.data >= 0)
    assert np.all(menu.ir_multipliers >= 0)


# ---- types that coincide, or nearly ----


@pytest.mark.parametrize("away", [0.0, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 3e-7, 1e-6, 1e-5, 1e-4])
@pytest.mark.parametrize("domain", [c.NonNegative(), c.Box(0.25, 3.0), c.Box(), c.Simplex(free_disposal=True)])
def test_types_that_nearly_coincide_are_solved(away, domain):
    rng = np.random.default_rng(0)
    valuations = rng.uniform(-0.5, 2.0, (7, 2))
    twins = np.vstack([valuations, valuations[:2] + away * np.array([[1.0, -1.0], [0.0, 1.0]])])
    fields = {"cost": c.Quadratic(), "domain": domain, "participation": "compulsory"}
    menu = c.solve_menu(twins, method="cuts", **fields)
    assert menu.certificate.holds
    weights = np.array([2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]) / 9
    whole = c.solve_menu(valuations, weights, method="cuts", **fields)
    # Each type's payoff moves with its taste by at most the largest amount, here below 3 of either good.
    assert abs(menu.value - whole.value) <= 6 * away + slip(menu, whole)


NEAR = [
    (c.Box(), c.Linear(0.0)),
    (c.Simplex(free_disposal=True), c.Linear(0.1)),
    (c.Simplex(), c.Quadratic(0.5)),
    (c.NonNegative(), c.Quadratic()),
]


@pytest.mark.parametrize("away", [3e-7, 1e-6, 1e-5])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("domain", "cost"), NEAR)
def test_near_copies_of_types_do_not_defeat_it(domain, cost, seed, away):
    """Prices of 1e5 and more between near copies: what holds them together is not lost beside them."""
    rng = np.random.default_rng(seed)
    valuations = rng.uniform(-0.5, 2.0, (14, 2 + seed % 2))
    near = valuations[:3] + away * rng.normal(size=(3, valuations.shape[1]))
    weights = rng.uniform(0.1, 1.0, 17)
    problem = c.ScreeningProblem(
        np.vstack([valuations, near]), weights / weights.sum(), cost=cost, domain=domain, participation="compulsory"
    )
    # Lotteries that cost more than they bring are worth a third of their value above the same one for everybody.
    menu, oracle = (c.solve_menu(problem, method=method, gap=3e-6) for method in ("cuts", "reference"))
    assert menu.certificate.rigorous
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


def test_among_equal_types_the_best_outside_option_is_priced():
    """Types 1 and 4 differ in nothing but their outside option; the higher one binds."""
    rays = np.array([[-1.25, 2.5], [1.75, 0.25], [1.75, -1.5], [-1.25, 2.5]])
    problem = c.ScreeningProblem(
        rays,
        [0.125, 0.5, 0.125, 0.25],
        cost=c.Linear(0.5),
        domain=c.Box(0.0, 2.0),
        reservation_utility=[0.5, 0.75, 0.5, 1.0],
    )
    menu, oracle = c.solve_menu(problem, method="cuts"), c.solve_menu(problem, method="reference")
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)
    assert menu.ir_multipliers[3] > 0.1


@pytest.mark.parametrize("n_types", [1, 2, 5])
def test_types_that_are_all_alike_are_one_type(n_types):
    menu = c.solve_menu(np.full((n_types, 2), 0.25), cost=c.Quadratic(), method="cuts")
    assert menu.value == pytest.approx(0.25**2, rel=DIGITS)


def test_lotteries_are_wanted_alike_by_types_whose_tastes_differ_by_a_constant():
    """On the simplex only relative tastes count: both types prefer good 2 by 0.75, up to rounding."""
    menu = c.solve_menu(
        [[-1.75, -1.0], [1.0, 1.75]],
        [1 / 7, 6 / 7],
        cost=c.Entropy([0.5, 0.5], 0.1),
        domain=c.Simplex(),
        participation="compulsory",
        method="cuts",
    )
    assert menu.certificate.holds
    assert menu.allocation[0] == pytest.approx(menu.allocation[1], abs=1e-9)


@pytest.mark.parametrize("method", ["cuts", "reference"])
@pytest.mark.parametrize("cost", [c.Linear(0.0), c.Quadratic(1e-9), c.Quadratic(1e9)])
@pytest.mark.parametrize("domain", [c.Simplex(), c.Simplex(free_disposal=True), c.Box(0.25, 1.0)])
@pytest.mark.parametrize("outside", [0.0, 1e-9])
def test_where_nobody_values_anything_the_least_cost_is_borne(method, cost, domain, outside):
    fields = {"reservation_utility": outside, "participation": "compulsory"}
    menu = c.solve_menu(np.zeros((2, 2)), cost=cost, domain=domain, method=method, **fields)
    least = {c.Simplex: [0.5, 0.5], c.Box: [0.25, 0.25]}[type(domain)]
    if getattr(domain, "free_disposal", False):
        least = [0.0, 0.0]
    best = -float(cost.value(np.array([least]))[0]) - outside
    assert abs(menu.value - best) <= slip(menu)


# ---- a cost of the user's own ----


class CurvedCosh(Cosh):
    """With gradient and hessian: what the engine asks of a cost of the user's own."""

    def gradient(self, allocation):
        return self.scale * np.sinh(allocation)

    def hessian(self, allocation):
        return self.scale * np.cosh(allocation)[:, :, np.newaxis] * np.eye(allocation.shape[1])


@pytest.mark.parametrize("domain", [c.NonNegative(), c.Box(0.0, 2.0), c.Simplex(free_disposal=True)])
@pytest.mark.parametrize("goods", [2, 3])
def test_a_cost_of_the_users_own_is_solved_from_its_gradient_and_hessian(domain, goods):
    valuations = np.random.default_rng(goods).uniform(0.0, 2.0, (20, goods))
    problem = c.ScreeningProblem(valuations, cost=CurvedCosh(0.5), domain=domain)
    menu, oracle = c.solve_menu(problem), c.solve_menu(problem, method="reference")
    assert menu.engine == "cuts"
    assert menu.certificate.rigorous is not isinstance(domain, c.NonNegative)
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


def test_a_cost_without_hessian_is_left_to_the_reference_engine():
    problem = c.ScreeningProblem(grid(4, 1.0, 2.0, corners=True), cost=Cosh(0.5), domain=c.Box(0.0, 2.0))
    assert c.solve_menu(problem).engine.startswith("reference")


# ---- limits on transfers ----


@examples(12)
@given(cuts_problems(), st.sampled_from([(-0.5, 0.5), (0.0, 1.0), (0.0, np.inf), (-np.inf, 0.25)]))
def test_limits_on_transfers_are_kept_and_agree_with_the_reference_engine(problem, limits):
    money = float(np.abs(problem.valuations).max()) or 1.0
    limited = dataclasses.replace(
        problem, transfers=(limits[0] * money, limits[1] * money), reservation_utility=np.zeros(problem.n_types)
    )
    assume(limited.outside_contract is not None)  # a menu exists: everybody may keep nothing
    menu, oracle = solved(limited, method="cuts"), solved(limited, method="reference")
    assert menu.certificate.is_exact
    assert np.all((menu.transfer >= limited.transfers[0]) & (menu.transfer <= limited.transfers[1]))
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


def test_a_price_cap_binds_on_a_grid():
    """A cap below the best top price: the menu reaches it, never exceeds it, and earns less than without."""
    types = grid(12, 1.0, 2.0, corners=True)
    free = c.solve_menu(types, cost=c.Quadratic(), method="cuts")
    cap = 0.75 * float(free.transfer.max())
    capped = c.solve_menu(types, cost=c.Quadratic(), transfers=(0.0, cap))
    assert capped.engine == "cuts"
    assert capped.certificate.rigorous
    assert capped.transfer.max() == pytest.approx(cap, rel=1e-9)
    assert capped.transfer.max() <= cap
    assert capped.upper_bound < free.value


def test_limits_that_may_conflict_are_left_to_the_engine_that_says_which():
    with pytest.raises(c.InfeasibleMenuError, match="transfer"):
        c.solve_menu(
            grid(4, 0.5, 1.0, corners=True),
            domain=c.Box(),
            transfers=(3.0, 4.0),
            reservation_utility=0.5,
            participation="compulsory",
        )


# ---- tables ----

ROCHET_CHONE = [(5, 1.622148881), (10, 1.558852303), (20, 1.534844334)]
ROCHET_CHONE_LARGE = [(30, 1.527786208), (50, 1.522493344)]


def rochet_chone(n, value):
    """[1, 2]^2, corners included, cost |x|^2 / 2, uniform weights; three solvers agree on the values."""
    menu = c.solve_menu(grid(n, 1.0, 2.0, corners=True), cost=c.Quadratic(), method="cuts")
    assert menu.certificate.holds
    assert menu.value == pytest.approx(value, rel=DIGITS)
    assert menu.upper_bound == pytest.approx(value, rel=DIGITS)
    return menu


@pytest.mark.parametrize(("n", "value"), ROCHET_CHONE)
def test_rochet_chone(n, value):
    menu = rochet_chone(n, value)
    top = menu.problem.valuations.sum(axis=1).argmax()
    assert menu.allocation[top] == pytest.approx([2.0, 2.0], abs=1e-2)  # no distortion at the top


@pytest.mark.slow
@pytest.mark.parametrize(("n", "value"), ROCHET_CHONE_LARGE)
def test_rochet_chone_on_fine_grids(n, value):
    rochet_chone(n, value)


@pytest.mark.parametrize(
    ("n", "value"), [(10, 0.59), (20, 0.56925), pytest.param(40, 0.55923437, marks=pytest.mark.slow)]
)
def test_two_goods_to_an_additive_buyer(n, value):
    """Manelli & Vincent (2006): (12 + 2 sqrt 2) / 27 in the limit; a little more on a midpoint grid."""
    menu = c.solve_menu(grid(n, 0.0, 1.0, corners=False), domain=c.Box(), method="cuts")
    assert menu.value == pytest.approx(value, rel=DIGITS)
    assert menu.value >= (12 + 2 * math.sqrt(2)) / 27


@pytest.mark.parametrize(
    ("n", "value"), [(10, 0.416), (20, 0.4010625), pytest.param(40, 0.3932578, marks=pytest.mark.slow)]
)
def test_two_goods_to_a_buyer_of_one(n, value):
    """Pavlov (2011): the price 1 / sqrt 3 for either good, 2 / (3 sqrt 3) in the limit."""
    menu = c.solve_menu(grid(n, 0.0, 1.0, corners=False), domain=c.Simplex(free_disposal=True), method="cuts")
    assert menu.value == pytest.approx(value, rel=DIGITS)
    assert menu.value >= 2 / (3 * math.sqrt(3))


@pytest.mark.parametrize(("n", "value"), [(10, 4.446739964), (20, 4.230134326)])
def test_the_linear_monopolist_of_schmalensee(n, value):
    """Carlier, Dupuis, Rochet & Thanassoulis (2024): two goods at no cost, values N(3, 10, rho 0.7) cut to [0, 10]^2.

    Types are the midpoints of n x n cells, weights the cells' probabilities.
    """
    edges = np.linspace(0.0, 10.0, n + 1)
    corners = np.stack(np.meshgrid(edges, edges, indexing="ij"), axis=-1)
    cumulative = multivariate_normal([3.0, 3.0], [[10.0, 7.0], [7.0, 10.0]]).cdf(corners)
    weights = np.diff(np.diff(cumulative, axis=0), axis=1).ravel()
    types = grid(n, 0.0, 10.0, corners=False)
    menu = c.solve_menu(types, weights / weights.sum(), domain=c.Box(), method="cuts")
    assert menu.value == pytest.approx(value, rel=DIGITS)


@pytest.mark.slow
@pytest.mark.parametrize(("low", "value"), [(5.0, 5.107109375), (8.0, 8.098009766)])
def test_ties_of_a_linear_program_are_solved_to_many_digits(low, value):
    """Unit demand on a grid with half the weight on its border: next to nothing is left of what tied types share."""
    along = np.ones(41)
    along[[0, -1]] = 0.5
    weights = np.outer(along, along).ravel()
    fields = {"domain": c.Simplex(free_disposal=True), "method": "cuts"}
    menu = c.solve_menu(grid(41, low, low + 1.0, corners=True), weights / weights.sum(), **fields)
    assert menu.certificate.relative_gap <= 1e-8
    assert menu.value == pytest.approx(value, rel=1e-8)


def test_the_unit_triangle_is_sold_as_a_bundle():
    """Haghpanah & Hartline (2015): the bundle at 1 / sqrt 3 earns 2 / (3 sqrt 3); the grid earns about as much."""
    n = 16
    cells = grid(n, 0.0, 1.0, corners=False)
    triangle = cells[cells.sum(axis=1) <= 1.0 + 1e-9]
    menu = c.solve_menu(triangle, domain=c.Box(), method="cuts")
    totals = triangle.sum(axis=1)
    bundle = max(price * np.mean(totals >= price) for price in np.unique(totals))
    assert menu.value >= bundle - slip(menu)
    assert abs(menu.value - 2 / (3 * math.sqrt(3))) <= 1 / n


def test_three_goods_agree_with_the_reference_engine():
    cells = grid(3, 0.0, 1.0, corners=False, dimension=3)
    menu, oracle = (c.solve_menu(cells, domain=c.Box(), method=method) for method in ("cuts", "reference"))
    assert abs(menu.value - oracle.value) <= slip(menu, oracle)


@pytest.mark.parametrize("money", MONEY)
def test_money_is_measured_in_any_unit(money):
    menu = c.solve_menu(money * grid(5, 1.0, 2.0, corners=True), cost=c.Quadratic(money), method="cuts")
    assert menu.value == pytest.approx(money * 1.622148881, rel=DIGITS)


def test_weights_over_many_orders_of_magnitude():
    rng = np.random.default_rng(1)
    weights = 10.0 ** rng.uniform(-9, 0, 36)
    menu = c.solve_menu(grid(6, 1.0, 2.0, corners=True), weights / weights.sum(), cost=c.Quadratic(), method="cuts")
    assert menu.certificate.holds


# ---- stopped, interrupted, broken ----

RANDOM = c.ScreeningProblem(np.random.default_rng(3).uniform(1.0, 2.0, (150, 2)), cost=c.Quadratic())


def is_exact_with_its_gap(menu):
    certificate = menu.certificate
    return certificate.is_exact and not certificate.violations and menu.value <= menu.upper_bound


def test_out_of_time_the_menu_is_exact_and_says_its_gap():
    menu = c.solve_menu(RANDOM, method="cuts", time_limit=1e-9)
    assert is_exact_with_its_gap(menu)
    assert menu.certificate.relative_gap > GAP
    assert menu.certificate.is_stopped
    assert not menu.certificate.holds  # a gap was asked for


def interrupted_at(monkeypatch, when):
    iterate, calls = interior_point._iterate, []

    def interrupt(*args):
        calls.append(1)
        if len(calls) == when:
            raise KeyboardInterrupt
        return iterate(*args)

    monkeypatch.setattr(interior_point, "_iterate", interrupt)


@pytest.mark.parametrize("when", [1, 5, 12, 20])
def test_after_an_interrupt_the_menu_is_exact_and_says_its_gap(monkeypatch, when):
    interrupted_at(monkeypatch, when)
    assert is_exact_with_its_gap(c.solve_menu(RANDOM, method="cuts"))


@pytest.mark.parametrize("step", ["separate", "program"])
def test_an_interrupt_between_iterations_loses_nothing(monkeypatch, step):
    original, calls = getattr(cuts.Master, step), []

    def interrupt(*args):
        calls.append(1)
        if len(calls) == 2:  # the first round is over
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(cuts.Master, step, interrupt)
    assert is_exact_with_its_gap(c.solve_menu(RANDOM, method="cuts"))


def test_the_longer_it_ran_the_smaller_the_gap(monkeypatch):
    gaps = []
    for when in (2, 16, 40):
        with monkeypatch.context() as patch:
            interrupted_at(patch, when)
            gaps.append(c.solve_menu(RANDOM, method="cuts").certificate.relative_gap)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < gaps[0] / 100


def test_every_round_is_reported_once(monkeypatch):
    rounds, lines = [], []
    minimise = interior_point.minimise
    monkeypatch.setattr(cuts, "minimise", lambda *args, **kw: rounds.append(1) or minimise(*args, **kw))
    c.solve_menu(RANDOM, method="cuts", progress=lines.append)
    assert len(lines) == len(rounds) >= 2
    assert [line.split(":")[0] for line in lines] == [f"round {k + 1}" for k in range(len(lines))]


def test_violated_pairs_are_added_until_none_is_left(monkeypatch):
    """Started from hardly any pair, separation finds the rest."""
    monkeypatch.setattr(neighbours, "NEIGHBOURS_LINEAR", {2: 2, 3: 2, 4: 2})
    monkeypatch.setattr(neighbours, "SPARE_NEIGHBOURS", 0)
    monkeypatch.setattr(neighbours, "delaunay_pairs", lambda taste: np.empty(0, dtype=np.intp))
    few = c.solve_menu(grid(5, 1.0, 2.0, corners=True), cost=c.Quadratic(), method="cuts")
    assert few.value == pytest.approx(1.622148881, rel=DIGITS)


def test_rounds_without_end_are_an_error_that_names_the_remedy(monkeypatch):
    monkeypatch.setattr(cuts, "ROUNDS", 1)
    with pytest.raises(SolverError, match="use method='reference'"):
        c.solve_menu(RANDOM, method="cuts")


def garbage(kind, rng):
    """An interior point that returns nonsense in place of its last iterate."""
    minimise = interior_point.minimise

    def broken(program, start, elimination, **settings):
        path, _ = minimise(program, start, elimination, **settings)
        noise = {
            "random": lambda part: rng.normal(size=part.shape) * 10.0 ** rng.uniform(-9, 3),
            "zero": np.zeros_like,
            "huge": lambda part: part + 1e6 * rng.normal(size=part.shape),
            "noisy": lambda part: part * (1 + 1e-4 * rng.normal(size=part.shape)),
            "negative": np.negative,
        }[kind]
        worse = {name: noise(getattr(path[-1], name)) for name in ("x", "u", "price")}
        return [dataclasses.replace(path[-1], **worse)], False

    return broken


@pytest.mark.parametrize("kind", ["random", "zero", "huge", "noisy", "negative"])
@pytest.mark.parametrize("domain", [c.NonNegative(), c.Box(0.0, 2.0), c.Simplex(free_disposal=True), c.Simplex()])
def test_whatever_the_interior_point_returns_the_menu_is_exact_and_the_bound_holds(monkeypatch, kind, domain):
    problem = c.ScreeningProblem(
        grid(4, 1.0, 2.0, corners=True), cost=c.Quadratic(), domain=domain, participation="compulsory"
    )
    best = c.solve_menu(problem, method="cuts")
    monkeypatch.setattr(cuts, "DENSE_TYPES", 0)
    monkeypatch.setattr(cuts, "minimise", garbage(kind, np.random.default_rng(7)))
    menu = c.solve_menu(problem, method="cuts")
    assert is_exact_with_its_gap(menu)
    assert menu.upper_bound >= best.value
    assert menu.value <= best.upper_bound


@pytest.mark.parametrize("kind", ["random", "zero", "huge", "negative"])
def test_a_broken_engine_that_claims_success_is_not_believed(monkeypatch, kind):
    problem = c.ScreeningProblem(grid(4, 1.0, 2.0, corners=True), cost=c.Quadratic())
    nonsense = garbage(kind, np.random.default_rng(7))
    monkeypatch.setattr(cuts, "DENSE_TYPES", 0)
    monkeypatch.setattr(cuts, "minimise", lambda *args, **settings: (nonsense(*args, **settings)[0], True))
    with pytest.raises(SolverError) as raised, np.errstate(all="ignore"):  # later rounds start from the nonsense
        c.solve_menu(problem, method="cuts")
    reached = raised.value.reached
    assert reached is None or (reached.certificate.is_exact and not reached.certificate.holds)


@pytest.mark.parametrize("seed", range(6))
def test_any_prices_make_a_bound(seed):
    rng = np.random.default_rng(seed)
    problem = c.ScreeningProblem(rng.uniform(0.0, 2.0, (12, 2)), cost=c.Quadratic(), domain=c.Box(0.0, 2.0))
    best = c.solve_menu(problem, method="cuts")
    candidate = cuts.solve(problem)
    prices = candidate.multipliers.ic.copy()
    prices.data = prices.data * rng.uniform(-0.5, 2.0, len(prices.data))
    worse = dataclasses.replace(candidate.multipliers, ic=prices)
    assert upper_bound(problem, worse).value >= best.value


# ---- what it leaves to others ----

REFUSED = {
    "welfare": ({"objective": c.Welfare(0.5)}, r"solves Profit\(\) with transfers"),
    "no money": ({"transfers": "none", "domain": c.Box()}, r"solves Profit\(\) with transfers"),
    "unbounded": ({"cost": c.Linear(0.5)}, "a cost that is linear in some direction needs a bounded domain"),
    "flat": ({"domain": c.Box([0.0, 1.0], [1.0, 1.0]), "participation": "compulsory"}, "no interior"),
    "same taste": (
        {"valuations": [[1.0, 2.0], [1.0, 2.0]], "principal_values": [[0.0, 0.0], [1.0, 0.0]]},
        "equal valuation differ in principal_values",
    ),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_solve_is_refused_with_the_reason(fields, reason):
    problem = c.ScreeningProblem(**{"valuations": [[1.0, 2.0], [2.0, 1.0]], "cost": c.Quadratic(), **fields})
    with pytest.raises(c.ProblemError, match=f"method 'cuts' does not apply: .*{reason}.*use method='auto'"):
        c.solve_menu(problem, method="cuts")


def test_a_deadline_in_the_future_changes_nothing():
    menu = c.solve_menu(grid(5, 1.0, 2.0, corners=True), cost=c.Quadratic(), method="cuts", time_limit=1e6)
    assert menu.certificate.relative_gap <= GAP


def test_types_alike_up_to_a_constant_are_kept_by_the_one_that_gains_least():
    """On a simplex tastes that differ by a constant are one; the price of IR is borne by the least spoilt, not by r."""
    valuations = [[0.0, 0.0], [0.0, 1.5], [1.5, 0.0], [3.0, 3.0]]
    problem = c.ScreeningProblem(
        valuations,
        cost=c.ShiftedPower(1.5, 0.5, 4.0),
        domain=c.Simplex(),
        reservation_utility=[0.0, 0.0, 0.0, 0.125],
        participation="compulsory",
    )
    menu = c.solve_menu(problem, method="cuts")
    assert menu.ir_multipliers[0] == pytest.approx(1.0)
    assert menu.value == pytest.approx(c.solve_menu(problem, method="reference").value, abs=1e-7)
