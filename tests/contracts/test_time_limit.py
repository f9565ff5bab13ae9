"""A solve that is stopped, by the clock or from the keyboard, returns the certified menu that it has reached."""

import time

import numpy as np
import pytest

import contracts as c
from contracts.engines import dual, reference
from contracts.numerics import conic, interior_point
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.repair import assign as repair
from contracts.repair import repricing
from contracts.repair.certified import certified_menu

RANDOM = c.ScreeningProblem(np.random.default_rng(3).uniform(1.0, 2.0, (40, 2)), cost=c.Quadratic())
TABLES = np.random.default_rng(5).uniform(0.0, 1.0, (12, 30))
GROUPS = c.ScreeningProblem(
    TABLES,
    cost=c.Entropy(np.full(30, 1 / 30), 0.05),
    domain=c.Simplex(),
    principal_values=-2.0 * TABLES.mean(axis=0),
    outside_option=np.full(30, 1 / 30),
    transfers="none",
)
LONG_AGO = 0.0  # on the clock of time.monotonic()


def check_stopped(menu):
    """Exact IC and IR, a bound no worse than full information, and a certificate that says that it was stopped."""
    assert menu.certificate.is_exact
    assert menu.certificate.is_stopped
    assert not menu.certificate.holds
    assert menu.certificate.relative_gap > 1e-6
    assert menu.value <= menu.upper_bound <= upper_bound(menu.problem, no_multipliers(menu.problem)).value


def interrupted_at(monkeypatch, module, name, when):
    """The user presses Ctrl-C during a certain call of a function."""
    original, calls = getattr(module, name), []

    def press(*args, **kwargs):
        calls.append(1)
        if len(calls) == when:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, press)
    return calls


def slow_clock(monkeypatch, seconds):
    """Every look at the clock takes so many seconds."""
    ticks = iter(range(10**9))
    monkeypatch.setattr(time, "monotonic", lambda: seconds * next(ticks))


# ---- engines ----


@pytest.mark.parametrize("looks", [3, 6, 10])
def test_cuts_stops_at_the_time_limit_with_a_menu_that_earns_something(monkeypatch, looks):
    slow_clock(monkeypatch, 1.0)
    menu = c.solve_menu(RANDOM, method="cuts", time_limit=looks)
    check_stopped(menu)
    assert menu.value > 0  # offering nothing would be a menu, too


@pytest.mark.parametrize("when", [1, 4, 9])
def test_after_an_interrupt_the_best_menu_is_returned_not_the_shortest(monkeypatch, when):
    interrupted_at(monkeypatch, interior_point, "_iterate", when)
    menu = c.solve_menu(RANDOM, method="cuts")
    check_stopped(menu)
    assert menu.value > 0


@pytest.mark.parametrize("looks", [2, 10, 40])
def test_dual_stops_at_the_time_limit(monkeypatch, looks):
    slow_clock(monkeypatch, 1.0)
    check_stopped(c.solve_menu(GROUPS, method="dual", time_limit=looks))


@pytest.mark.parametrize("when", [1, 10, 30])
def test_dual_stops_at_an_interrupt(monkeypatch, when):
    interrupted_at(monkeypatch, dual, "_bound_and_slack", when)
    check_stopped(c.solve_menu(GROUPS, method="dual"))


def test_the_longer_dual_runs_the_better_its_bound(monkeypatch):
    bounds = []
    for when in (5, 25, 60):
        with monkeypatch.context() as patch:
            interrupted_at(patch, dual, "_bound_and_slack", when)
            bounds.append(c.solve_menu(GROUPS, method="dual").upper_bound)
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] >= c.solve_menu(GROUPS, method="dual").value


def test_newtons_method_keeps_the_steps_it_made(monkeypatch):
    program = dual._dual_of(GROUPS)
    steps, newton = [], dual._newton

    def pressed(*args):
        for step in newton(*args):
            steps.append(step)
            yield step
            raise KeyboardInterrupt

    monkeypatch.setattr(dual, "_newton", pressed)
    kept, finished = dual._polished(program, np.zeros((12, 13)), np.inf)
    assert not finished
    assert kept is steps[0]
    assert dual._bound_and_slack(program, kept)[0] < dual._bound_and_slack(program, np.zeros((12, 13)))[0]


def test_reference_stops_its_solver_at_the_time_limit():
    menu = c.solve_menu(RANDOM, method="reference", time_limit=1e-3)
    check_stopped(menu)


def test_a_solver_that_gives_up_by_itself_is_not_forgiven_the_gap(monkeypatch):
    monkeypatch.setattr(conic, "ATTEMPTS", (("CLARABEL", {"max_iter": 3}),))
    with pytest.raises(c.SolverError, match="relative gap") as raised:
        c.solve_menu(RANDOM, method="reference")
    assert raised.value.reached.certificate.is_exact
    assert raised.value.reached.certificate.requested_gap == 1e-6


# ---- repairs ----


def counted(monkeypatch):
    """Numbers of contracts of the repairs that are tried."""
    sizes, assigned = [], repair.assigned

    def count(problem, contracts, *args):
        sizes.append(len(contracts[1]))
        return assigned(problem, contracts, *args)

    monkeypatch.setattr(repair, "assigned", count)
    return sizes


def test_when_time_is_spent_the_first_repair_that_yields_a_menu_is_the_last(monkeypatch):
    candidate = reference.solve(RANDOM)
    bound = upper_bound(RANDOM, candidate.multipliers)
    sizes = counted(monkeypatch)
    found = repair.exact_menu(RANDOM, candidate, bound, 1e-12, deadline=LONG_AGO)
    assert [size > 0 for size in sizes] == [True]  # to offer nothing is tried only where all else fails
    assert found.certificate.is_exact
    assert found.certificate.is_stopped
    sizes.clear()
    repair.exact_menu(RANDOM, candidate, bound, 1e-12)
    assert len(sizes) > 2


def test_a_gap_that_is_reached_in_time_is_kept_as_asked():
    candidate = reference.solve(RANDOM)
    found = repair.exact_menu(RANDOM, candidate, upper_bound(RANDOM, candidate.multipliers), 1e-3, deadline=LONG_AGO)
    assert found.certificate.requested_gap == 1e-3
    assert found.certificate.holds


def test_an_interrupt_between_repairs_keeps_the_best_menu_so_far(monkeypatch):
    candidate = reference.solve(RANDOM)
    bound = upper_bound(RANDOM, candidate.multipliers)
    interrupted_at(monkeypatch, repair, "assigned", 4)
    found = repair.exact_menu(RANDOM, candidate, bound, 1e-13)
    assert found.certificate.is_exact
    assert found.certificate.is_stopped
    assert found.certificate.relative_gap < 1e-5


def test_an_interrupt_before_there_is_a_menu_is_an_interrupt(monkeypatch):
    interrupted_at(monkeypatch, repair, "assigned", 1)
    with pytest.raises(KeyboardInterrupt):
        c.solve_menu(RANDOM, method="cuts")


def test_shortest_paths_are_not_begun_when_time_is_spent():
    best = c.solve_menu(RANDOM, method="cuts")
    allocations = np.vstack([np.zeros(2), best.options.allocations])  # the outside contract first
    assert repricing.reprice(RANDOM, allocations, best.option_of_type + 1) is not None
    assert repricing.reprice(RANDOM, allocations, best.option_of_type + 1, LONG_AGO) is None


def test_a_menu_that_is_not_exact_is_not_handed_out_as_reached():
    problem = c.ScreeningProblem(
        [[1.0, 2.0], [2.0, 1.0]], cost=c.Quadratic(), reservation_utility=0.5, participation="compulsory"
    )
    candidate = reference.solve(problem)
    short = type(candidate)(
        candidate.allocation, candidate.utility - 1.0, candidate.multipliers, "by hand", is_finished=False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            repair, "repairs", lambda *_: iter([repricing.contracts_of(problem, short.allocation, short.utility)])
        )
        with pytest.raises(c.SolverError, match="IR fails") as raised:
            certified_menu(problem, short, gap=1e-6, deadline=LONG_AGO)
    assert raised.value.reached is None
    assert "`reached` is None: no exact menu" in str(raised.value)


@pytest.mark.parametrize(
    ("limit", "words"),
    [("5", "holds text"), (None, "is None: leave it out"), (np.nan, "is nan"), (-1, "is -1.0"), ([1, 2], "shape")],
)
def test_a_time_limit_is_a_positive_number(limit, words):
    with pytest.raises(c.ProblemError, match=f"time_limit .*{words}|time_limit {words}"):
        c.solve_menu([1.0, 2.0], cost=c.Quadratic(), time_limit=limit)


def test_time_enough_changes_nothing():
    for problem in (RANDOM, GROUPS):
        hurried, patient = c.solve_menu(problem, time_limit=1e6), c.solve_menu(problem)
        assert hurried.certificate == patient.certificate
