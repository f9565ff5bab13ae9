"""Ambiguity about the weights: worst cases against their definition, robust menus against closed forms."""

import dataclasses
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

import contracts
from contracts import (
    ChiSquare,
    KullbackLeibler,
    Moments,
    ProblemError,
    Quadratic,
    TotalVariation,
    Wasserstein,
    worst_case,
)
from contracts.engines import reference
from contracts.engines.strict import strict_menu

SOLVER = 1e-6  # what the second opinion, a conic solver, leaves
ROUNDING = 1e-9

SETS = {
    "total variation": lambda weights, tastes: TotalVariation(0.1),
    "all mass may move": lambda weights, tastes: TotalVariation(1.0),
    "relative entropy": lambda weights, tastes: KullbackLeibler(0.05),
    "large relative entropy": lambda weights, tastes: KullbackLeibler(50.0),
    "chi-square": lambda weights, tastes: ChiSquare(0.1),
    "chi-square to the corner": lambda weights, tastes: ChiSquare(0.9),
    "Wasserstein": lambda weights, tastes: Wasserstein(0.3),
    "Wasserstein, blocks": lambda weights, tastes: Wasserstein(0.05, "cityblock"),
    "known mean": lambda weights, tastes: Moments(tastes, weights @ tastes - 0.1, weights @ tastes + 0.1),
    "mean at least": lambda weights, tastes: Moments(tastes, weights @ tastes - 0.1, np.inf),
    "one mean at most": lambda weights, tastes: Moments(tastes, -np.inf, [np.inf, weights @ tastes[:, 1]]),
}


def society(seed, n_types=6):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(n_types, 3.0)), rng.uniform(1, 2, (n_types, 2)), rng.normal(size=n_types)


def worst_by_definition(ambiguity, payoff, weights, tastes):
    """Minimise over the distributions themselves, as the set is defined."""
    cp = pytest.importorskip("cvxpy")
    other = cp.Variable(len(weights), nonneg=True)
    rules = [cp.sum(other) == 1]
    if isinstance(ambiguity, TotalVariation):
        rules.append(cp.norm1(other - weights) / 2 <= ambiguity.radius)
    elif isinstance(ambiguity, KullbackLeibler):
        rules.append(cp.sum(cp.rel_entr(other, weights)) <= ambiguity.radius)
    elif isinstance(ambiguity, ChiSquare):
        rules.append(cp.sum_squares(cp.multiply(weights**-0.5, other - weights)) <= ambiguity.radius)
    elif isinstance(ambiguity, Wasserstein):
        plan = cp.Variable((len(weights), len(weights)), nonneg=True)
        rules += [cp.sum(plan, axis=1) == weights, cp.sum(plan, axis=0) == other]
        rules.append(cp.sum(cp.multiply(ambiguity.distance(tastes), plan)) <= ambiguity.radius)
    else:
        for feature, lower, upper in zip(ambiguity.features.T, ambiguity.lower, ambiguity.upper, strict=True):
            rules += [feature @ other >= lower] if np.isfinite(lower) else []
            rules += [feature @ other <= upper] if np.isfinite(upper) else []
    least = cp.Problem(cp.Minimize(payoff @ other), rules)
    least.solve(solver="CLARABEL")
    return least.value


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", range(3))
def test_worst_case_is_the_minimum_over_the_set(name, seed):
    weights, tastes, payoff = society(seed)
    ambiguity = SETS[name](weights, tastes)
    ambiguity.check(weights, tastes)
    worst = ambiguity.worst_case(payoff, weights, tastes)
    assert worst.value == pytest.approx(worst_by_definition(ambiguity, payoff, weights, tastes), abs=SOLVER)
    assert worst.weights @ payoff == pytest.approx(worst.value, abs=ROUNDING)
    assert worst.weights.sum() == pytest.approx(1, abs=1e-12)
    assert worst.weights.min() >= 0
    assert ambiguity.excess(worst.weights, weights, tastes) <= ROUNDING


TWINS = np.array([[1.0], [2.0], [2.0]])  # two types at no distance, whose payoffs may differ all the same


@pytest.mark.parametrize("radius", [0.0, 1e-9, 0.1, 0.3, 5.0])
@pytest.mark.parametrize("payoff", [[1.0, 3.0, 0.0], [1.0, 0.0, 3.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
@pytest.mark.parametrize("tastes", [TWINS, np.ones((3, 1))])
def test_mass_moves_for_free_between_types_at_no_distance(tastes, payoff, radius):
    weights, payoff, ambiguity = np.array([0.4, 0.3, 0.3]), np.array(payoff), Wasserstein(radius)
    worst = ambiguity.worst_case(payoff, weights, tastes)
    assert worst.value == pytest.approx(worst_by_definition(ambiguity, payoff, weights, tastes), abs=SOLVER)
    assert worst.weights @ payoff == pytest.approx(worst.value, abs=ROUNDING)
    assert ambiguity.excess(worst.weights, weights, tastes) <= ROUNDING


def test_types_that_differ_in_principal_values_alone_are_at_no_distance():
    """All mass may lie on the first, which is worth 1/2; the other alone would be worth 2."""
    menu = contracts.solve_menu(
        [[1.0], [1.0]], cost=Quadratic(), principal_values=[[0.0], [1.0]], ambiguity=Wasserstein(0.1)
    )
    assert menu.value == pytest.approx(0.5, abs=SOLVER)
    assert menu.worst_case_weights == pytest.approx([1.0, 0.0])


class Complacent(TotalVariation):
    def worst_case(self, payoff, weights, valuations):
        return super().worst_case(payoff, weights, valuations)._replace(value=float(payoff.max()))


def test_a_value_above_its_own_proven_bound_is_never_certified():
    problem = contracts.ScreeningProblem([1.0, 2.0], cost=Quadratic(), ambiguity=Complacent(0.1))
    with pytest.raises(contracts.SolverError, match="value exceeds what is proven of every menu") as raised:
        contracts.solve_menu(problem)
    assert not raised.value.reached.certificate.holds
    reached = raised.value.reached
    assert not contracts.verify(
        problem, reached.allocation, reached.transfer, multipliers=reached.bound.multipliers
    ).holds


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e9])
def test_the_unit_of_money_changes_nothing(name, scale):
    weights, tastes, _ = society(3, 5)
    ambiguity = SETS[name](weights, tastes)
    known = contracts.solve_menu(tastes, weights, cost=Quadratic(), ambiguity=ambiguity)
    if isinstance(ambiguity, Wasserstein):
        ambiguity = dataclasses.replace(ambiguity, radius=ambiguity.radius * scale)
    scaled = contracts.solve_menu(tastes * scale, weights, cost=Quadratic(scale), ambiguity=ambiguity)
    assert scaled.value == pytest.approx(known.value * scale, rel=2e-6)
    assert scaled.worst_case_weights @ scaled.payoff == pytest.approx(scaled.value, rel=ROUNDING)
    payoff = scaled.payoff * 1e-6  # small payoffs beside features of ordinary size
    worst = ambiguity.worst_case(payoff, weights, tastes * scale)
    assert worst.weights @ payoff == pytest.approx(worst.value, rel=ROUNDING)


@given(st.sampled_from(sorted(SETS)), st.integers(0, 10**6), st.integers(1, 5))
def test_proven_worst_case_is_below_the_payoff_at_every_distribution_of_the_set(name, seed, n_types):
    weights, tastes, payoff = society(seed, n_types)
    ambiguity = SETS[name](weights, tastes)
    worst = ambiguity.worst_case(payoff, weights, tastes)
    rng = np.random.default_rng(seed)
    for other in rng.dirichlet(np.full(n_types, 0.5), size=20):
        for step in (1.0, 0.3, 0.1, 0.01):
            inside = weights + step * (other - weights)
            if ambiguity.excess(inside, weights, tastes) <= 0:
                assert worst.value <= inside @ payoff + ROUNDING
                break


@pytest.mark.parametrize("radius", [0.0, 0.05, 0.2])
def test_two_types_are_screened_as_if_the_low_one_were_more_frequent(radius):
    """Types 1 and 2, cost x^2/2: profit falls in the low type's share, so total variation moves mass r to it."""
    low = 0.6 + radius
    menu = contracts.solve_menu([1.0, 2.0], [0.6, 0.4], cost=Quadratic(), ambiguity=TotalVariation(radius))
    amount = max(0.0, 1 - (1 - low) / low)
    assert menu.worst_case_weights == pytest.approx([low, 1 - low], abs=1e-9)
    assert menu.value == pytest.approx(low * amount**2 / 2 + 2 * (1 - low), abs=SOLVER)
    assert menu.allocation[0, 0] == pytest.approx(amount, abs=1e-4)
    assert menu.certificate.holds
    assert menu.certificate.rigorous
    assert menu.to_frame()["worst_case_weight"].tolist() == menu.worst_case_weights.tolist()


@pytest.mark.parametrize("method", ["reference", "cuts"])
def test_distances_beyond_one_are_one(method):
    """No two distributions differ by more: all mass may lie on the low type, which is then served efficiently."""
    problem = contracts.ScreeningProblem([1.0, 2.0], [0.6, 0.4], cost=Quadratic(), ambiguity=TotalVariation(2.0))
    menu = contracts.solve_menu(problem, method=method)
    assert menu.value == pytest.approx(0.5, abs=SOLVER)
    assert menu.worst_case_weights == pytest.approx([1.0, 0.0], abs=1e-9)


@pytest.mark.parametrize(
    "name", ["total variation", "relative entropy", "chi-square", "Wasserstein", "known mean", "mean at least"]
)
def test_cutting_planes_agree_with_the_whole_program(name):
    weights, tastes, _ = society(5, 7)
    problem = contracts.ScreeningProblem(tastes, weights, cost=Quadratic(), ambiguity=SETS[name](weights, tastes))
    whole = contracts.solve_menu(problem, method="reference")
    planes = contracts.solve_menu(problem, method="cuts")
    assert "worst case over" in planes.engine
    scale = abs(whole.value)
    assert planes.value == pytest.approx(whole.value, abs=2e-6 * scale)
    assert planes.upper_bound >= whole.value
    assert whole.upper_bound >= planes.value


@pytest.mark.parametrize("ambiguity", [TotalVariation(0.05), KullbackLeibler(0.01), ChiSquare(0.1)])
def test_many_types_on_a_line_take_a_few_solves(ambiguity):
    rng = np.random.default_rng(0)
    tastes, weights = rng.uniform(1, 2, 500), rng.dirichlet(np.full(500, 3.0))
    menu = contracts.solve_menu(tastes, weights, cost=Quadratic(), ambiguity=ambiguity)
    assert menu.certificate.holds
    assert "ironing" in menu.engine
    assert menu.worst_case_weights @ menu.payoff == pytest.approx(menu.value, abs=ROUNDING)


def test_where_the_whole_program_is_not_solved_the_search_is_run(monkeypatch):
    def gives_up(problem, *, deadline):
        raise contracts.SolverError("no menu")

    weights, tastes, _ = society(6, 14)
    problem = contracts.ScreeningProblem(tastes, weights, cost=Quadratic(), ambiguity=KullbackLeibler(0.05))
    whole = contracts.solve_menu(problem)
    monkeypatch.setattr(reference, "solve", gives_up)
    searched = contracts.solve_menu(problem)
    assert searched.engine.startswith("worst case over")
    assert searched.value == pytest.approx(whole.value, rel=2e-6)
    with pytest.raises(contracts.SolverError):
        contracts.solve_menu(problem, method="reference")


def test_repairs_under_ambiguity_need_no_program_over_all_pairs():
    """IC and IR do not depend on the weights, so the strict menu is that of known ones, in closed form."""
    weights, tastes, _ = society(4, 5)
    problem = contracts.ScreeningProblem(tastes, weights, cost=Quadratic())
    doubtful = strict_menu(dataclasses.replace(problem, ambiguity=TotalVariation(0.1)))
    assert doubtful.utility.tolist() == strict_menu(problem).utility.tolist()


@pytest.mark.parametrize("n_types", [2, 30, 500])
def test_work_of_moving_mass_along_a_line_is_the_area_between_the_distributions(n_types):
    rng = np.random.default_rng(n_types)
    tastes, weights, other = rng.uniform(1, 2, n_types), *rng.dirichlet(np.full(n_types, 3.0), size=2)
    least = wasserstein_distance(tastes, tastes, weights, other)
    assert Wasserstein(0.1).excess(other, weights, tastes[:, np.newaxis]) == pytest.approx(least - 0.1, abs=ROUNDING)


def test_mass_goes_by_detours_where_they_cost_less():
    """Squares of distances: two steps of 1 are less work than one of 2."""
    places = np.array([[0.0], [1.0], [2.0]])
    excess = Wasserstein(0.25, "sqeuclidean").excess(np.array([0.0, 0.5, 0.5]), np.array([0.5, 0.5, 0.0]), places)
    assert excess == pytest.approx(0.5 * 1 + 0.5 * 1 - 0.25)


@pytest.mark.parametrize("name", SETS)
def test_value_is_the_worst_case_recomputed_from_the_contracts_alone(name):
    weights, tastes, _ = society(2, 4)
    problem = contracts.ScreeningProblem(tastes, weights, cost=Quadratic(), ambiguity=SETS[name](weights, tastes))
    menu = contracts.solve_menu(problem)
    worst = worst_by_definition(problem.ambiguity, menu.payoff, problem.weights, tastes)
    assert menu.value == pytest.approx(worst, abs=SOLVER)
    assert menu.worst_case_weights @ menu.payoff == pytest.approx(menu.value, abs=ROUNDING)
    known = contracts.solve_menu(problem.under(problem.weights))
    assert menu.value <= known.value + SOLVER
    assert menu.value >= problem.worst_case(known.allocation, known.transfer).value - SOLVER
    assert contracts.verify(problem, menu.allocation, menu.transfer).value == menu.value


def test_welfare_counts_in_the_worst_case_as_well():
    welfare = contracts.Welfare(2.0, function=contracts.Exponential(0.5))
    problem = contracts.ScreeningProblem(
        [1.0, 2.0, 4.0], [0.2, 0.3, 0.5], cost=Quadratic(), objective=welfare, ambiguity=TotalVariation(0.2)
    )
    menu = contracts.solve_menu(problem)
    counted = menu.payoff + 2.0 * (1 - np.exp(-0.5 * menu.utility)) / 0.5
    assert menu.value == pytest.approx(
        worst_by_definition(problem.ambiguity, counted, problem.weights, None), abs=SOLVER
    )
    assert menu.certificate.holds


@pytest.mark.parametrize("limits", [(0.2, 0.9), (-np.inf, 0.9), (0.2, np.inf)])
def test_a_robust_menu_survives_its_file(tmp_path, limits):
    problem = contracts.ScreeningProblem(
        [[1.0, 2.0], [2.0, 1.0]], cost=Quadratic(), ambiguity=Moments([0.0, 1.0], *limits), labels=("a", "b")
    )
    menu = contracts.solve_menu(problem)
    again = contracts.load_menu(menu.save(tmp_path / "menu.json"))
    assert again.value == menu.value
    assert again.upper_bound == menu.upper_bound
    assert again.worst_case_weights.tolist() == menu.worst_case_weights.tolist()


def test_without_ambiguity_the_worst_case_is_what_is_known():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic())
    assert menu.worst_case_weights.tolist() == [0.5, 0.5]


def test_a_search_stopped_by_time_returns_the_best_menu_so_far_with_its_gap(monkeypatch):
    """For the search the time is up at its tenth look at the clock, however fast the machine."""
    looks = itertools.chain([0.0] * 9, itertools.repeat(math.inf))
    monkeypatch.setattr(worst_case, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    weights, tastes, _ = society(1, 30)
    problem = contracts.ScreeningProblem(tastes, weights, cost=Quadratic(), ambiguity=Wasserstein(0.1))
    stopped = contracts.solve_menu(problem, method="cuts", time_limit=1e6)
    whole = contracts.solve_menu(problem, method="reference")
    assert stopped.certificate.is_exact
    assert stopped.value >= 0.9 * whole.value
    assert stopped.value <= whole.upper_bound <= stopped.upper_bound + SOLVER
    assert "worst case over" in stopped.engine
    assert stopped.certificate.is_stopped


@pytest.mark.parametrize(
    ("ambiguity", "message"),
    [
        (lambda: TotalVariation(-0.1), "TotalVariation radius is -0.1: it must not be negative"),
        (lambda: TotalVariation, "ambiguity is the class TotalVariation, not an object of it"),
        (lambda: 0.1, "ambiguity is float: use TotalVariation"),
        (lambda: Wasserstein(1.0, "miles"), "Wasserstein metric is 'miles'"),
        (lambda: Wasserstein(1.0, np.ones((2, 2))), "must be non-negative, and 0 from every type to itself"),
        (lambda: Wasserstein(1.0, np.zeros((3, 3))), r"metric has shape \(3, 3\); expected \(2, 2\)"),
        (lambda: Wasserstein(1.0, math.dist), "metric is a function: give the name of one of scipy's distances"),
        (lambda: Moments([1.0, 2.0, 3.0], 0, 9), "features has 3 rows for 2 types"),
        (lambda: Moments([1.0, 2.0], -np.inf, np.inf), "no finite limit: for every distribution there is, use Total"),
        (lambda: Moments([1.0, 2.0], np.inf, 2), "Moments lower is inf: every entry must be a finite number"),
        (lambda: Moments([1.0, 2.0], ["low"], 2), "Moments lower"),
        (lambda: Moments([1.0, 2.0], [-np.inf, True], 2), "Moments lower holds true or false, not numbers"),
        (lambda: Moments([1.0, 2.0], 5, 4), "lower lies above upper"),
        (lambda: Moments([1.0, 2.0], 1.8, 2), "leaves out the problem's own weights, whose mean is"),
    ],
)
def test_what_is_no_ambiguity_is_refused(ambiguity, message):
    with pytest.raises(ProblemError, match=message):
        contracts.ScreeningProblem([1.0, 2.0], [0.5, 0.5], ambiguity=ambiguity())


def test_a_budget_row_under_ambiguity_is_refused():
    problem = contracts.ScreeningProblem([1.0, 2.0], objective=contracts.Welfare(minimum_profit=0.0))
    with pytest.raises(ProblemError, match="minimum_profit under ambiguity"):
        dataclasses.replace(problem, ambiguity=TotalVariation(0.1))


def test_what_everybody_can_keep_counts_for_each_by_its_own_welfare_weight():
    """A constant utility moves the worst case where types weigh differently."""
    problem = contracts.ScreeningProblem(
        [1.0, 2.0],
        cost=Quadratic(),
        reservation_utility=10.0,
        objective=contracts.Welfare([0.25, 0.75]),
        ambiguity=TotalVariation(0.2),
    )
    menu = contracts.solve_menu(problem, method="reference")
    # Everybody keeps at least 10, so the second type is worth more by 5 and the worst case has least of it.
    assert menu.worst_case_weights == pytest.approx([0.7, 0.3])
    known = dataclasses.replace(problem, ambiguity=None, weights=[0.7, 0.3])
    assert menu.value == pytest.approx(contracts.solve_menu(known).value, rel=1e-6)
