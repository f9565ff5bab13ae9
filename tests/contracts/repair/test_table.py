"""The table of repairs: every one of them is needed somewhere, and offers contracts of the problem's own."""

import itertools

import numpy as np
import pytest

import contracts as c
from contracts.engines import reference
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.repair import table
from contracts.repair.assign import assigned
from contracts.repair.table import Case, repairs, table_for

LINE = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic())
PLANE = c.ScreeningProblem([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]], cost=c.Quadratic())
WELFARE = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), objective=c.Welfare(weights=0.5))
VALUES = [[0.9, 0.1, 0.3], [0.1, 0.8, 0.4]]
POLICIES = c.ScreeningProblem(VALUES, domain=c.Simplex(), transfers="none", outside_option=[1 / 3, 1 / 3, 1 / 3])
DOUBLES = c.ScreeningProblem([1.0, 2.0, 2.0], cost=c.Quadratic(), principal_values=[[0.0], [0.0], [0.5]])
UNCERTAIN = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), uncertainty=c.Interval(0.125))
LIMITED = c.ScreeningProblem([1.0, 2.0], cost=c.Linear(3.0), transfers=(-0.3, 0.3), reservation_utility=-1.0)
BUNCHED = c.ScreeningProblem([[1.0, 0.5], [2.0, 3.0], [3.0, 3.0]], domain=c.Box(0.0, 1.0))
ALIKE = c.ScreeningProblem(
    [[-1.0] * 3, [2.0] * 3],
    cost=c.Quadratic(),
    domain=c.Simplex(),
    principal_values=VALUES,
    transfers="none",
    outside_option=[0.25, 0.5, 0.25 - 2.0**-55],
)
CASES = {
    "pools": UNCERTAIN,
    "chain": LINE,
    "nothing": LINE,
    "repriced": PLANE,
    "repriced nearby": WELFARE,
    "one for all": LIMITED,
    "merged": WELFARE,
    "certain": POLICIES,
    "indifferent": DOUBLES,
    "in whole shares": ALIKE,
    "mixed enough": PLANE,
    "merged after all": PLANE,
    "mixed": PLANE,
    "pooled with room": BUNCHED,
    "tight": PLANE,
}
REPAIRS = {repair.name: repair for repair in (*table.AT_EVERY_VALUATION, *table.ON_A_LINE, *table.ELSEWHERE)}


def case_of(problem):
    return Case(problem, reference.solve(problem), np.inf)


def test_every_repair_has_a_name_of_its_own_and_a_case_here():
    assert list(REPAIRS) == list(CASES)


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_offers_contracts_where_it_applies(name):
    """Finite, in the domain, within the limits; and the best of them loses less than a millionth, nothing's apart."""
    problem, repair = CASES[name], REPAIRS[name]
    assert repair.applies(problem)
    lists = [pair for pair in repair.contracts(case_of(problem)) if len(pair[1]) or name == "nothing"]
    assert lists
    bound = upper_bound(problem, no_multipliers(problem))
    menus = [assigned(problem, pair, bound, 0.5) for pair in lists]
    best = max(menu.certificate.value for menu in menus if menu.certificate.is_exact)
    for allocations, transfers in lists:
        assert problem.domain.violation(allocations).max(initial=0.0) == 0
        assert np.all((transfers >= problem.transfer_limits[0]) & (transfers <= problem.transfer_limits[1]))
    optimum = c.solve_menu(problem).value
    assert best == 0 if name == "nothing" else best >= optimum - 1e-6 * abs(optimum)


def test_repairs_come_in_the_order_of_the_table_and_later_ones_only_when_asked(monkeypatch):
    """A strict menu can be a program over all pairs: nobody pays for it before the first repairs have failed."""
    asked = []
    monkeypatch.setattr(table, "strict_menu", lambda problem: asked.append(problem))
    found = repairs(PLANE, reference.solve(PLANE))
    names = [repair.name for repair in table_for(case_of(PLANE)) if repair.applies(PLANE)]
    assert names[:3] == ["chain", "nothing", "repriced"]
    first = list(itertools.islice(found, 3))
    assert len(first[0][1]) == 0
    assert asked == []
    next(found)
    assert len(asked) == 1


def test_uncertain_valuations_and_long_lines_have_tables_of_their_own(monkeypatch):
    assert table_for(case_of(UNCERTAIN)) == table.AT_EVERY_VALUATION
    assert table_for(case_of(LINE)) == (*table.ON_A_LINE, *table.ELSEWHERE)
    monkeypatch.setattr(table, "REPRICED_TYPES", 1)
    assert table_for(case_of(LINE)) == table.ON_A_LINE
    assert table_for(case_of(PLANE)) == (*table.ON_A_LINE, *table.ELSEWHERE)


def test_amounts_next_to_nothing_are_nothing():
    """The first type's virtual valuation is exactly zero, and the second's of the second good: no digits there."""
    valuations, cost = [[2.0, 1.0], [4.0, 2.0], [8.0, 8.0]], c.Quadratic([1.0, 2.0])
    menu = c.solve_menu(valuations, [0.5, 0.3, 0.2], cost=cost, domain=c.Box(0.0, [10.0, 5.0]))
    assert menu.allocation[0].tolist() == [0.0, 0.0]
    assert menu.option_of_type[0] == -1
    assert menu.allocation[1, 1] == 0.0
    assert menu.certificate.holds
    assert menu.value == pytest.approx(0.3 * (16 / 3 - 8 / 9) + 0.2 * (272 / 3 - 48), rel=1e-9)
