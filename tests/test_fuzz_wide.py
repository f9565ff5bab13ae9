"""The fuzzer's second generation: its oracle knows who may be left out, who can mimic whom, and what twins are."""

import dataclasses
import io
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import contracts as c
from benchmarks.fuzz.build import Cosh, build, code
from benchmarks.fuzz.cases import FIRST, WIDE, Case, case
from benchmarks.fuzz.costs import cost_expression, costs, exact_cost
from benchmarks.fuzz.judge import BEYOND, FAILED, GRAVE, Outcome, judged
from benchmarks.fuzz.lattice import coarseness
from benchmarks.fuzz.oracle import broken
from benchmarks.fuzz.payoffs import exact_profit, worth
from benchmarks.fuzz.program import optimum
from benchmarks.fuzz.records import append, read, record_of
from benchmarks.fuzz.report import rate, show
from benchmarks.fuzz.shrink import without_type
from benchmarks.fuzz.tastes import rational
from benchmarks.fuzz.trial import library
from benchmarks.fuzz.twins import pools_beyond_floats, twins
from benchmarks.fuzz.units import objective_unit, scaled
from benchmarks.fuzz.wide import FAMILIES
from tests.strategies import examples

SOLVER = 1e-6  # relative; the oracle asks Clarabel for 1e-9
INFINITE = float("inf")
QUICK = [k for k in range(80) if case(5, k, WIDE).n_types <= 5][:30]
SPECIAL = {  # one draft of every kind of cost, with amounts at which it is finite
    "Separable": {
        "kind": "Separable",
        "costs": [{"kind": "Quadratic", "curvature": 2.0}, {"kind": "Linear", "price": 0.5}],
    },
    "ExponentialCost": {"kind": "ExponentialCost", "rate": 2.0, "scale": np.array([0.5, 1.0])},
    "benefit": {"kind": "ExponentialCost", "rate": -1.0, "scale": -0.5},
    "capacity": {"kind": "Logarithm", "scale": 0.5, "capacity": 2.0},
    "offset": {"kind": "Logarithm", "scale": 0.5, "offset": np.array([1.0, 2.0])},
    "Total": {"kind": "Total", "cost": {"kind": "Quadratic", "curvature": 3.0}, "direction": np.array([1.0, 0.5])},
    "Power": {"kind": "Power", "exponent": 1.5, "scale": 0.5},
    "root": {"kind": "Power", "exponent": 0.5, "scale": -0.5},
    "Quadratic": {"kind": "Quadratic", "curvature": np.array([[2.0, 0.5], [0.5, 1.0]])},
    "Cosh": {"kind": "Cosh", "scale": 0.5, "unit": 1.0},
    "Linear": {"kind": "Linear", "price": 0.3},
}


def fields_of(valuations, weights=None, **more):
    """A problem of plain data, with x^2 / 2 as its cost on x >= 0."""
    values = np.array(valuations, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    shares = np.full(len(values), 1.0 / len(values)) if weights is None else np.array(weights)
    part = {"cost": {"kind": "Quadratic", "curvature": 1.0}, "domain": {"kind": "NonNegative"}}
    return {"valuations": values, "weights": shares, **part, **more}


def whole(fields):
    return Case(0, 0, "left out", "unit", 1.0, 1.0, fields, WIDE)


def best(fields):
    return optimum(fields, 1.0, 1.0).value


def faults(fields, allocation, transfer):
    allocation, transfer = np.array(allocation, dtype=float), np.array(transfer, dtype=float)
    return [fault.kind for fault in broken(fields, allocation, transfer, list(zip(allocation, transfer, strict=True)))]


def above(number):
    return float(np.nextafter(number, INFINITE))


class TestOracleKnowsWhoMayBeLeftOut:
    @pytest.mark.parametrize(("reserve", "value"), [(0.6, 0.35), (3.0, 0.0), (0.0, 2 / 3)])
    def test_closed_forms_on_a_line(self, reserve, value):
        """At .6 the high type alone is served, efficiently; at 3 nobody is worth it."""
        fields = fields_of([1.0, 2.0], [0.75, 0.25], participation="voluntary")
        fields["reservation_utility"] = np.full(2, reserve)
        assert best(fields) == pytest.approx(value, rel=SOLVER, abs=SOLVER)

    def test_a_compulsory_menu_loses_what_leaving_out_saves(self):
        fields = fields_of([1.0, 2.0], [0.75, 0.25], reservation_utility=np.full(2, 0.6))
        assert best(fields) == pytest.approx(0.2 / 3, rel=SOLVER)

    def test_a_fixed_cost_of_serving(self):
        fields = fields_of([1.0, 3.0], participation="voluntary", serving_cost=0.5)
        assert best(fields) == pytest.approx(0.5 * (4.5 - 0.5), rel=SOLVER)

    def test_an_outside_contract_costs_and_earns_what_it_costs_and_earns(self):
        """Keeping x = 1 is worth 1 - 1/2 to the principal, who would have to pay .75 for serving."""
        fields = fields_of([1.0], participation="voluntary", serving_cost=0.75, outside_option=np.array([1.0]))
        fields["principal_values"] = np.array([[1.0]])
        assert best(fields) == pytest.approx(0.5, rel=SOLVER)

    @pytest.mark.parametrize("cost", list(SPECIAL))
    def test_no_set_of_excluded_types_is_worth_more_than_the_lotteries(self, cost):
        """The program of lotteries against menus for those who are served, the others being content."""
        domain = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        fields = fields_of([[1.0, 0.5], [0.75, 1.5]], [0.4, 0.6], cost=SPECIAL[cost], domain=domain)
        fields |= {"reservation_utility": np.array([0.7, 0.3]), "serving_cost": 0.1, "participation": "voluntary"}
        value, alone = best(fields), []
        for who in range(2):
            one = {**without_type(fields, 1 - who), "weights": np.ones(1)}
            alone.append(fields["weights"][who] * (best({**one, "participation": "compulsory"}) - 0.1))
        assert value <= sum(max(each, 0.0) for each in alone) + SOLVER  # full information
        both = best({**fields, "participation": "compulsory"}) - 0.1
        assert value >= max(both, 0.0) - SOLVER

    def test_chances_are_part_of_a_contract_to_the_last_bit(self):
        """Half a chance of x = 2 at 1.5, worth 1 x 1 + .6 / 2 - t to the low type."""
        fields = fields_of([1.0], participation="voluntary", reservation_utility=np.array([0.6]))
        price = 1.0 + 0.5 * 0.6 - 0.6
        allowed = price if price <= 0.7 else float(np.nextafter(price, 0))
        assert faults(fields, [[1.0, 0.5]], [allowed - 1e-15]) == []
        assert faults(fields, [[1.0, 0.5]], [allowed + 1e-15]) == ["IR"]
        assert faults(fields, [[0.0, 1.0]], [0.0]) == []
        assert faults(fields, [[1.0, 1.0]], [0.0]) == ["domain"]  # nothing is served to nobody
        assert faults(fields, [[1.0, above(1.0)]], [0.0]) == ["domain"]

    def test_limits_without_zero_are_for_those_who_take_part(self):
        fields = fields_of([1.0, 3.0], participation="voluntary", transfers=(2.0, 4.0))
        assert faults(fields, [[0.0, 1.0], [1.0, 0.0]], [0.0, 3.0]) == []
        assert "transfers" in faults(fields, [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0])

    def test_a_row_of_transfers_is_kept_by_leaving_out(self):
        """Where the high type may not be charged, it is left out, more or less, and the low one charged for nothing."""
        cap = {"transfer": np.array([0.0, 1.0]), "upper": 0.5}
        fields = fields_of([1.5, 2.25], reservation_utility=np.full(2, -3.0), constraints=[cap])
        assert best(fields) == pytest.approx(0.5, rel=SOLVER)
        left_out = {**fields, "participation": "voluntary"}
        assert faults(left_out, [[0.0, 0.0], [0.0, 1.0]], [3.0, 0.0]) == []
        assert best(left_out) > 1.5

    def test_minus_infinity_is_no_constraint(self):
        fields = fields_of([1.0], reservation_utility=-INFINITE, transfers=(-1.0, 2.0))
        fields["domain"] = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        assert faults(fields, [[0.0]], [2.0]) == []
        assert best(fields) == pytest.approx(2.0, rel=SOLVER)


class TestOracleKnowsWhoCanMimicWhom:
    @pytest.mark.parametrize(("pair", "value"), [((0, 1), 0.75 * 0.5 + 0.25 * 2.0), ((1, 0), 2 / 3)])
    def test_only_the_high_type_needs_a_rent(self, pair, value):
        mask = np.eye(2, dtype=bool)
        mask[pair] = True
        assert best(fields_of([1.0, 2.0], [0.75, 0.25], mimics=mask)) == pytest.approx(value, rel=SOLVER)

    def test_what_cannot_be_taken_tempts_nobody(self):
        first_best = ([[1.0], [2.0]], [1.0, 4.0])
        assert faults(fields_of([1.0, 2.0], mimics=np.eye(2, dtype=bool)), *first_best) == []
        assert faults(fields_of([1.0, 2.0], mimics=np.array([[1, 0], [1, 1]], dtype=bool)), *first_best) == ["IC"]


class TestOracleKnowsCostsDomainsAndRows:
    @pytest.mark.parametrize("cost", list(SPECIAL))
    def test_a_cost_for_cvxpy_and_its_perspective_are_the_cost(self, cost):
        import cvxpy as cp

        points = np.array([[0.25, 0.75], [0.5, 0.125]])
        x, z = cp.Variable((2, 2)), cp.Variable(2)
        for share in (1.0, 0.5):
            expression, more = cost_expression(SPECIAL[cost], x, z)
            program = cp.Problem(cp.Minimize(cp.sum(expression)), [x == points * share, z == share, *more])
            program.solve(solver=cp.CLARABEL)
            assert program.value == pytest.approx(share * costs(SPECIAL[cost], points).sum(), rel=SOLVER, abs=SOLVER)
        expression, more = cost_expression(SPECIAL[cost], x)
        program = cp.Problem(cp.Minimize(cp.sum(expression)), [x == points, *more])
        program.solve(solver=cp.CLARABEL)
        assert program.value == pytest.approx(costs(SPECIAL[cost], points).sum(), rel=SOLVER, abs=SOLVER)

    @pytest.mark.parametrize("cost", list(SPECIAL))
    def test_other_units_and_rationals_do_not_change_a_cost(self, cost):
        points, base = np.array([[0.25, 0.75]]), fields_of([[1.0, 1.0]], cost=SPECIAL[cost])
        other = scaled(base, 1e3, 1e-2)["cost"]
        assert costs(other, points * 1e-2) == pytest.approx(costs(SPECIAL[cost], points) * 1e3, rel=1e-12)
        exact = exact_cost(SPECIAL[cost], rational([0.25, 0.75]))
        assert exact is None or float(exact) == pytest.approx(costs(SPECIAL[cost], points)[0], rel=1e-15)
        assert (exact is None) == (
            cost in ("ExponentialCost", "benefit", "capacity", "offset", "Power", "root", "Cosh")
        )

    def test_every_type_has_a_cost_of_its_own(self):
        """Types known apart: the efficient values, 1/2 and 4/2/2."""
        dear = [{"kind": "Quadratic", "curvature": 1.0}, {"kind": "Quadratic", "curvature": 2.0}]
        fields = fields_of([1.0, 2.0], cost=dear, mimics=np.eye(2, dtype=bool))
        assert best(fields) == pytest.approx((0.5 + 1.0) / 2, rel=SOLVER)
        menu = np.array([[1.0], [1.0]]), np.array([1.0, 2.0])
        assert worth(fields, *menu)[0] == float(exact_profit(fields, *menu)) == (0.5 + 1.0) / 2

    def test_goods_without_an_end(self):
        """x = a, of either sign."""
        box = {"kind": "Box", "lower": np.array([-INFINITE, 0.0]), "upper": np.array([INFINITE, 0.5])}
        fields = fields_of([[-2.0, 3.0]], domain=box)
        assert best(fields) == pytest.approx(2.0 + 3.0 * 0.5 - 0.125, rel=SOLVER)
        assert faults(fields, [[-1e6, 0.5]], [2e6]) == []
        assert faults(fields, [[-1e6, above(0.5)]], [2e6]) == ["domain"]

    def test_rows_and_limits_of_transfers(self):
        row = {"transfer": np.array([1.0, 0.0]), "upper": 0.75}
        fields = fields_of([1.0, 2.0], mimics=np.eye(2, dtype=bool), constraints=[row])
        assert best(fields) == pytest.approx((0.75 - 0.75**2 / 2 + 2.0) / 2, rel=SOLVER)
        assert faults(fields, [[1.0], [2.0]], [1.0, 4.0]) == ["row"]
        limits = (np.array([-INFINITE, 0.0]), np.array([0.75, INFINITE]))
        fields = fields_of([1.0, 2.0], mimics=np.eye(2, dtype=bool), transfers=limits)
        assert best(fields) == pytest.approx((0.75 - 0.75**2 / 2 + 2.0) / 2, rel=SOLVER)
        assert faults(fields, [[1.0], [2.0]], [above(0.75), 4.0]) == ["transfers"]


HARM = np.array([[0.0], [-1.0]])
TWINS = fields_of([2.1, 2.1], principal_values=HARM)
ROOTS = [math.sqrt(4.4), math.sqrt(1.7), math.sqrt(0.5)]  # no decimals
TWO_GOODS = fields_of([ROOTS[:2]] * 2, principal_values=HARM * np.ones(2))


def reached(fields, amounts, value=None, **more):
    """A SolverError that reached one contract for everybody."""
    n_types = len(fields["valuations"])
    allocation = np.tile(np.array(amounts, dtype=float), (n_types, 1))
    transfer = np.full(n_types, float(np.nextafter(fields["valuations"][0] @ amounts, 0.0)))
    found = worth(fields, allocation, transfer)[0] if value is None else value
    offered = list(zip(allocation, transfer, strict=True))
    menu = {"allocation": allocation, "transfer": transfer, "offered": offered, "value": found} | more
    return Outcome("error", error="SolverError", message="the gap is 1e-1", **menu)


def verdict(fields, outcome):
    return judged(whole(fields), outcome).verdict


class TestBeyondFloats:
    def test_one_good_and_the_best_single_contract_is_beyond_floats(self):
        """Equal shares of harm 0 and 1: x = 2.1 - .5; telling them apart would be worth an eighth more."""
        assert best(TWINS) == pytest.approx((2.1**2 + 1.1**2) / 4, rel=SOLVER)
        assert verdict(TWINS, reached(TWINS, [1.6])) == BEYOND
        assert BEYOND not in FAILED

    def test_a_menu_worse_than_the_best_single_contract_is_a_failure(self):
        assert verdict(TWINS, reached(TWINS, [1.59])) == "solver error"

    def test_with_two_goods_that_may_vary_it_is_a_failure(self):
        assert verdict(TWO_GOODS, reached(TWO_GOODS, np.array(ROOTS[:2]) - 0.5)) == "solver error"

    def test_without_a_menu_it_is_a_failure(self):
        assert verdict(TWINS, Outcome("error", error="SolverError")) == "solver error"

    def test_only_a_solver_error_can_be_beyond_floats(self):
        for kind, name in (("raw", "OverflowError"), ("error", "ProblemError"), ("error", "InfeasibleMenuError")):
            failed = dataclasses.replace(reached(TWINS, [1.6]), kind=kind, error=name)
            assert verdict(TWINS, failed) != BEYOND

    def test_twins_whom_nothing_tells_apart_are_no_excuse(self):
        fields = fields_of([2.1, 2.1])
        assert verdict(fields, reached(fields, [2.1])) == "solver error"

    def test_a_best_menu_that_was_reached_is_one_that_floats_can_express(self):
        """Amounts one apart, at transfers 2.1 apart: exactly indifferent, and next to the best."""
        less, digit = 1 + 205 / 2048, 2.0**-51
        steps = int(2.1 * less / digit) - 2
        price = (steps - (steps % 2 == 0)) * digit
        allocation, transfer = np.array([[less + 1], [less]]), np.array([price + 2.1, price])
        assert faults(TWINS, allocation, transfer) == []
        value = worth(TWINS, allocation, transfer)[0]
        assert value == pytest.approx(best(TWINS), rel=SOLVER)
        offered = list(zip(allocation, transfer, strict=True))
        found = {"allocation": allocation, "transfer": transfer, "offered": offered, "value": value}
        assert verdict(TWINS, Outcome("error", error="SolverError", **found)) == "solver error"

    def test_values_of_few_digits_leave_many_pairs_of_floats(self):
        fields = fields_of([1.5, 1.5], principal_values=HARM)
        assert verdict(fields, reached(fields, [1.0])) == "solver error"

    def test_a_menu_that_was_reached_must_keep_what_it_promises(self):
        dear = reached(TWINS, [1.6], transfer=np.full(2, 3.5), offered=[(np.array([1.6]), 3.5)])
        assert verdict(TWINS, dear) == "IR violation"

    def test_two_goods_of_which_only_one_is_free_or_counts(self):
        flat = {"kind": "Box", "lower": np.array([0.0, 0.5]), "upper": np.array([3.0, 0.5])}
        assert pools_beyond_floats({**TWO_GOODS, "domain": flat}) == ((0, 1),)
        assert pools_beyond_floats({**TWO_GOODS, "valuations": np.array([[2.1, 0.0]] * 2)}) == ((0, 1),)
        assert pools_beyond_floats(TWO_GOODS) == ()

    def test_a_lottery_of_two_outcomes_is_one_good_and_disposal_makes_it_two(self):
        lottery = {"kind": "Simplex", "free_disposal": False}
        assert pools_beyond_floats({**TWO_GOODS, "domain": lottery}) == ((0, 1),)
        assert pools_beyond_floats({**TWO_GOODS, "domain": {**lottery, "free_disposal": True}}) == ()

    @pytest.mark.parametrize("values", [[2.1, 1.3], [-0.2, 1.7], [0.2, 2.1], [2.1, 1.3, 0.7], [1 / 3, 1 / 3]], ids=str)
    def test_decimals_leave_few_pairs_of_floats_however_many_goods(self, values):
        decimals = fields_of([values] * 2, principal_values=HARM * np.ones(len(values)))
        assert pools_beyond_floats(decimals) == ((0, 1),)
        assert pools_beyond_floats({**decimals, "valuations": np.round(decimals["valuations"] * 64) / 64}) == ()

    def test_a_digit_apart_is_room_unless_others_of_the_pool_are_equal(self):
        near = [np.nextafter(0.2, 1.0), 2.1]
        two = fields_of([[0.2, 2.1], near], principal_values=HARM * np.ones(2))
        assert pools_beyond_floats(two) == ()
        three = fields_of([[0.2, 2.1], near, near], principal_values=np.array([[0.0], [-1.0], [-2.0]]) * np.ones(2))
        assert pools_beyond_floats(three) == ((0, 1, 2),)

    @examples(40)
    @given(st.lists(st.integers(1, 31), min_size=1, max_size=2))
    def test_the_lattice_is_as_coarse_as_all_pairs_counted_one_by_one(self, values):
        """No difference of amounts is farther from one that is worth a transfer than what is said, and some are."""
        odd = [value // math.gcd(*values, 32) for value in values]
        modulus = 2 ** (max(odd).bit_length() - 1)
        told = coarseness([Fraction(value, 32) for value in values], money=True)
        grid = np.array(list(itertools.product(range(-modulus, 2 * modulus + 1), repeat=len(odd))))
        points = grid[(grid @ odd) % modulus == 0]
        cell = np.array(list(itertools.product(range(modulus), repeat=len(odd))))
        away = np.min(((cell[:, None] - points) ** 2).sum(axis=2), axis=1).max() ** 0.5
        assert away <= told * len(odd) ** 0.5 / 2 + 1e-9
        assert away >= told / 4 - 1

    def test_without_money_one_good_less_may_vary(self):
        assert pools_beyond_floats({**TWO_GOODS, "transfers": "none"}) == ((0, 1),)
        three = fields_of([ROOTS] * 2, transfers="none")
        assert pools_beyond_floats(three) == ()
        assert pools_beyond_floats({**three, "domain": {"kind": "Simplex"}}) == ((0, 1),)
        assert pools_beyond_floats({**TWO_GOODS, "valuations": np.array([[2.1, 4.2]] * 2), "transfers": "none"}) == ()

    def test_twins_are_equal_to_twelve_digits_and_can_mimic_one_another(self):
        apart = fields_of([2.1, 2.1 * (1 + 1e-13), 2.2])
        assert twins(apart) == [(0, 1)]
        assert twins(fields_of([2.1, 2.1 * (1 + 1e-9)])) == []
        assert twins({**TWINS, "mimics": np.array([[1, 1], [0, 1]], dtype=bool)}) == []
        lottery = fields_of([[0.1, 0.7], [1.1, 1.7]], domain={"kind": "Simplex"})
        assert twins(lottery) == [(0, 1)]  # of what all outcomes have in common nobody can choose

    def test_it_has_a_row_of_its_own_and_is_not_among_the_failures(self):
        record = record_of(whole(TWINS), reached(TWINS, [1.6]), judged(whole(TWINS), reached(TWINS, [1.6])))
        assert rate([record]) == (0, 1)
        console = Console(file=io.StringIO(), width=200)
        show([record], console)
        printed = " ".join(console.file.getvalue().split())
        assert "1 cases, 1 of them core, are beyond floats (not failures)" in printed
        assert "one contract" in printed


class TestCases:
    def test_the_cases_of_the_first_generation_are_what_they_were(self):
        families = [case(5, k).family for k in (44, 141, 156, 165, 177, 179, 184, 270, 272, 286)]
        expected = ["plain", "rows", "transfers", "mixed", "transfers", "plain", "objective", "objective", "transfers"]
        assert families == [*expected, "mixed"]
        assert [case(5, k).n_types for k in (44, 141, 156, 165, 177)] == [4, 11, 9, 4, 32]
        assert case(5, 44).base["valuations"].shape == case(5, 44, FIRST).base["valuations"].shape

    def test_a_case_is_the_same_for_ever(self):
        assert code(case(3, 17, WIDE).fields) == code(case(3, 17, WIDE).fields)
        assert code(case(3, 17, WIDE).fields) != code(case(3, 17).fields)

    def test_cases_hold_every_family_and_every_part(self):
        cases = [case(0, k, WIDE) for k in range(500)]
        assert {chosen.family for chosen in cases} == set(FAMILIES)
        text = " ".join(code(chosen.fields) for chosen in cases)
        for part in (
            "ExponentialCost(",
            "Logarithm(",
            "Separable(",
            "Total(",
            "cost=[",
            "mimics=",
            "transfer=",
            "offset=",
        ):
            assert part in text
        assert "participation='voluntary'" in text
        assert "serving_cost=" in text
        assert "reservation_utility=-inf" in text
        assert any(np.ndim(chosen.base.get("transfers", ("", ""))[0]) == 1 for chosen in cases)
        assert any(np.any(np.asarray(chosen.base["domain"].get("lower", 0.0)) == -INFINITE) for chosen in cases)

    def test_the_code_that_is_printed_is_the_problem(self):
        names = {name: getattr(c, name) for name in c.__all__} | {"Cosh": Cosh, "inf": INFINITE}
        names |= {"solve_menu": lambda valuations, **fields: c.ScreeningProblem(valuations, **fields)}
        for number in range(60):
            fields = case(1, number, WIDE).fields
            built, typed = c.ScreeningProblem(**build(fields)), eval(code(fields), names)
            for name in ("valuations", "weights", "principal_values", "reservation_utility", "serving_cost", "mimics"):
                assert np.array_equal(getattr(typed, name), getattr(built, name))
            assert repr(typed) == repr(built)

    @pytest.mark.parametrize("family", list(FAMILIES))
    def test_other_units_change_the_best_value_by_their_factor(self, family):
        numbers = [k for k in range(400) if case(2, k, WIDE).family == family and case(2, k, WIDE).n_types <= 4][:4]
        for number in numbers:
            amount = 1.0 if case(2, number, WIDE).base["domain"]["kind"] == "Simplex" else 1e-2
            chosen = dataclasses.replace(case(2, number, WIDE), money=1e3, amount=amount)
            found = optimum(chosen.fields, chosen.money, chosen.amount)
            if found.status == "optimal":
                unit = objective_unit(chosen.base, chosen.money)
                value, size = worth(chosen.fields, found.allocation, found.transfer)
                assert value == pytest.approx(found.value, rel=SOLVER, abs=SOLVER * max(size, unit))

    def test_a_type_fewer_is_a_problem(self):
        for number in range(60):
            chosen = case(4, number, WIDE)
            if chosen.n_types > 1 and "ambiguity" not in chosen.base:
                assert c.ScreeningProblem(**build(without_type(chosen.base, 0))).n_types == chosen.n_types - 1

    def test_records_of_two_generations_do_not_mix(self, tmp_path):
        append(tmp_path / "record.jsonl", {"seed": 1, "case": 0, "generation": WIDE})
        assert len(read(tmp_path / "record.jsonl", 1, WIDE)) == 1
        with pytest.raises(SystemExit, match="another generation"):
            read(tmp_path / "record.jsonl", 1)

    @pytest.mark.parametrize("number", QUICK)
    def test_no_wrong_answer_and_no_traceback(self, number):
        chosen = case(5, number, WIDE)
        found = judged(chosen, library(chosen))
        assert found.verdict not in GRAVE, found


def test_the_bound_on_a_problem_with_exclusion_is_held_against_menus_that_exclude():
    """Selling to the high type alone earns .35; a bound below it is refuted by the oracle's own menu."""
    fields = fields_of([1.0, 2.0], [0.75, 0.25], participation="voluntary", reservation_utility=np.full(2, 0.6))
    allocation, transfer = np.array([[0.0, 1.0], [0.0, 1.0]]), np.zeros(2)
    offered = list(zip(allocation, transfer, strict=True))
    menu = {"allocation": allocation, "transfer": transfer, "offered": offered, "value": 0.0, "bound": 0.3}
    assert verdict(fields, Outcome("menu", rigorous=True, holds=True, **menu)) == "bound refuted"
    assert math.isclose(best(fields), 0.35, rel_tol=SOLVER)
