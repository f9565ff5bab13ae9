"""The fuzzer's oracle is right where closed forms are known, and catches what is wrong by one bit."""

import ast
import dataclasses
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import contracts as c
from benchmarks.fuzz.build import Cosh, build, code
from benchmarks.fuzz.cases import Case, case
from benchmarks.fuzz.families import FAMILIES
from benchmarks.fuzz.judge import FAILED, GRAVE, Outcome, judged, wrong_on_its_own
from benchmarks.fuzz.oracle import broken
from benchmarks.fuzz.payoffs import exact_profit, worth
from benchmarks.fuzz.program import optimum
from benchmarks.fuzz.records import append, numbers_to_do, read
from benchmarks.fuzz.report import rate
from benchmarks.fuzz.shrink import candidates, without_type
from benchmarks.fuzz.trial import library
from benchmarks.fuzz.units import objective_unit

ROOT = Path(__file__).parent.parent
ORACLE = ("oracle", "tastes", "payoffs", "costs", "program", "distributions", "menus", "twins", "judge")
SOLVER = 1e-6  # relative; the oracle asks Clarabel for 1e-9
QUICK = [k for k in range(60) if case(5, k).n_types <= 6][:30]
MUSSA_ROSEN = {
    "valuations": np.array([[1.0], [2.0]]),
    "weights": np.array([0.75, 0.25]),
    "cost": {"kind": "Quadratic", "curvature": 1.0},
    "domain": {"kind": "NonNegative"},
}
INFINITE = float("inf")


def whole(fields, **more):
    return Case(0, 0, "plain", "unit", 1.0, 1.0, {**fields, **more})


def menu(allocation, transfer, value=math.nan, bound=INFINITE, **more):
    """What the library might have answered."""
    allocation, transfer = np.array(allocation, dtype=float), np.array(transfer, dtype=float)
    offered = list(zip(allocation, transfer, strict=True))
    answer = {"value": value, "bound": bound, "rigorous": True, "holds": True, **more}
    return Outcome("menu", allocation=allocation, transfer=transfer, offered=offered, **answer)


def faults(fields, allocation, transfer):
    answer = menu(allocation, transfer)
    return [fault.kind for fault in broken(fields, answer.allocation, answer.transfer, answer.offered)]


def above(number):
    return float(np.nextafter(number, INFINITE))


class TestOracleCatchesWhatIsWrongByOneBit:
    def test_a_menu_that_leaves_types_exactly_indifferent_is_kept(self):
        assert faults(MUSSA_ROSEN, [[1.0], [2.0]], [1.0, 3.0]) == []

    def test_a_price_one_ulp_above_indifference_breaks_incentive_compatibility(self):
        assert faults(MUSSA_ROSEN, [[1.0], [2.0]], [1.0, above(3.0)]) == ["IC"]

    def test_a_price_one_ulp_above_the_reservation_utility_breaks_participation(self):
        assert faults(MUSSA_ROSEN, [[1.0], [1.0]], [above(1.0), above(1.0)]) == ["IR"]

    def test_an_offer_that_nobody_was_meant_to_take_counts(self):
        answer = menu([[1.0], [2.0]], [1.0, 3.0])
        offered = [*answer.offered, (np.array([2.0]), 2.5)]
        assert [fault.kind for fault in broken(MUSSA_ROSEN, answer.allocation, answer.transfer, offered)] == ["IC"]

    def test_a_price_that_floats_call_the_worth_of_a_contract_and_rationals_do_not(self):
        price = 0.1 * 3  # three times the float 0.1 is less
        fields = {**MUSSA_ROSEN, "valuations": np.array([[0.1], [0.1]])}
        assert faults(fields, [[3.0], [3.0]], [price, price]) == ["IR", "IR"]
        assert faults(fields, [[3.0], [3.0]], [0.3, 0.3]) == []

    @pytest.mark.parametrize(
        ("domain", "allocation"),
        [
            ({"kind": "Box", "lower": 0.0, "upper": 2.0}, [[1.0], [above(2.0)]]),
            ({"kind": "NonNegative"}, [[-5e-324], [2.0]]),
            (
                {"kind": "Polyhedron", "matrix": np.array([[1.0], [-1.0]]), "bounds": np.array([1.9, 0.0])},
                [[1.0], [2.0]],
            ),
        ],
    )
    def test_an_allocation_outside_the_domain_is_named(self, domain, allocation):
        assert "domain" in faults({**MUSSA_ROSEN, "domain": domain}, allocation, [0.0, 1.0])

    def test_shares_that_do_not_sum_to_one_are_no_lottery_but_rounding_is_excused(self):
        fields = {
            **MUSSA_ROSEN,
            "valuations": np.array([[1.0, 0.0]]),
            "weights": np.ones(1),
            "domain": {"kind": "Simplex", "free_disposal": False},
        }
        assert faults(fields, [[0.1, 0.9]], [0.0]) == faults(fields, [[above(0.1), 0.9]], [0.0]) == []
        assert faults(fields, [[0.1, 0.8999999]], [0.0]) == ["domain"]

    def test_a_transfer_one_ulp_beyond_its_limit_is_named(self):
        assert faults({**MUSSA_ROSEN, "transfers": (0.0, 3.0)}, [[1.0], [2.0]], [1.0, 3.0]) == []
        assert "transfers" in faults({**MUSSA_ROSEN, "transfers": (0.0, 3.0)}, [[1.0], [3.0]], [1.0, above(3.0)])

    def test_rows_and_minimum_profits_are_checked(self):
        served = {"allocation": np.array([[1.0], [1.0]]), "upper": 2.9}
        assert faults({**MUSSA_ROSEN, "constraints": [served]}, [[1.0], [2.0]], [1.0, 3.0]) == ["row"]
        poor = {"kind": "Welfare", "minimum_profit": 0.7}  # it earns 0.625
        assert faults({**MUSSA_ROSEN, "objective": poor}, [[1.0], [2.0]], [1.0, 3.0]) == ["row"]

    def test_doubt_about_valuations_asks_for_more_and_the_last_bit_counts(self):
        fields = {**MUSSA_ROSEN, "uncertainty": {"kind": "Interval", "widths": 0.25}}
        assert faults(fields, [[1.0], [2.0]], [0.75, 2.5]) == []  # 1.75 a unit, for the lowest of the high types
        assert faults(fields, [[1.0], [2.0]], [0.75, above(2.5)]) == ["IC"]
        ball = {"kind": "Ellipsoid", "factors": 5.0}
        tastes = {**MUSSA_ROSEN, "valuations": np.array([[10.0, 10.0]]), "weights": np.ones(1), "uncertainty": ball}
        assert faults(tastes, [[3.0, 4.0]], [45.0]) == []  # 70 less 5 times |(3, 4)|, exactly
        assert faults(tastes, [[3.0, 4.0]], [above(45.0)]) == ["IR"]

    def test_a_bound_one_ulp_below_the_value_of_a_feasible_menu_is_refuted(self):
        value = 0.75 * 0.5 + 0.25 * 1.0
        assert wrong_on_its_own(MUSSA_ROSEN, menu([[1.0], [2.0]], [1.0, 3.0], value, value)) is None
        below = float(np.nextafter(value, 0.0))
        assert wrong_on_its_own(MUSSA_ROSEN, menu([[1.0], [2.0]], [1.0, 3.0], value, below))[0] == "bound refuted"

    def test_a_bound_below_another_menu_is_refuted(self):
        value = 0.75 * 0.5 + 0.25 * 0.5  # one contract for everybody; selling only to the high types is worth less
        answer = menu([[1.0], [1.0]], [0.5, 0.5], value - 0.5, value - 0.25)
        assert judged(whole(MUSSA_ROSEN), answer).verdict == "bound refuted"

    def test_a_wrong_value_is_named(self):
        answer = menu([[1.0], [2.0]], [1.0, 3.0], 0.625 * (1 + 1e-9), 1.0)
        assert wrong_on_its_own(MUSSA_ROSEN, answer)[0] == "wrong value"


class TestOracleKnowsClosedForms:
    @pytest.mark.parametrize(("high", "value"), [(0.25, 2 / 3), (0.6, 1.2)])
    def test_mussa_and_rosen(self, high, value):
        found = optimum({**MUSSA_ROSEN, "weights": np.array([1 - high, high])}, 1.0, 1.0)
        assert found.value == pytest.approx(value, rel=SOLVER)

    def test_the_softmax_policy(self):
        fields = {
            "valuations": np.zeros((1, 2)),
            "weights": np.ones(1),
            "principal_values": np.array([[0.0, math.log(3.0)]]),
            "cost": {"kind": "Entropy", "reference": np.array([0.5, 0.5]), "temperature": 1.0},
            "domain": {"kind": "Simplex", "free_disposal": False},
            "transfers": "none",
        }
        found = optimum(fields, 1.0, 1.0)
        assert found.value == pytest.approx(math.log(2.0), rel=SOLVER)
        assert found.allocation == pytest.approx(np.array([[0.25, 0.75]]), rel=1e-4)

    def test_a_price_for_the_worst_distribution(self):
        """Equal shares may move by .1: a firm that cannot tell them apart prices at 1, or sells to the high alone."""
        fields = {
            "valuations": np.array([[1.0], [4.0]]),
            "weights": np.array([0.5, 0.5]),
            "cost": {"kind": "Linear", "price": 0.0},
            "domain": {"kind": "Box", "lower": 0.0, "upper": 1.0},
            "ambiguity": {"kind": "TotalVariation", "radius": 0.1},
        }
        assert optimum(fields, 1.0, 1.0).value == pytest.approx(0.4 * 4.0, rel=SOLVER)

    @pytest.mark.parametrize(
        ("kind", "worst"),
        [("TotalVariation", 0.6), ("ChiSquare", 0.5 + math.sqrt(0.1) / 2), ("Wasserstein", 0.5 + 0.1 / 2.0)],
    )
    def test_worst_distributions(self, kind, worst):
        fields = {**MUSSA_ROSEN, "valuations": np.array([[1.0], [3.0]]), "weights": np.array([0.5, 0.5])}
        fields |= {"ambiguity": {"kind": kind, "radius": 0.1}, "cost": {"kind": "Linear", "price": 0.0}}
        value, _ = worth(fields, np.array([[1.0], [1.0]]), np.array([1.0, 2.0]))
        assert value == pytest.approx(worst * 1.0 + (1 - worst) * 2.0, rel=SOLVER)

    def test_no_menu_and_no_best_menu(self):
        short = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        nothing = {**MUSSA_ROSEN, "transfers": "none", "domain": short, "reservation_utility": np.array([3.0, 3.0])}
        assert optimum(nothing, 1.0, 1.0).status == "infeasible"
        assert optimum({**MUSSA_ROSEN, "cost": {"kind": "Linear", "price": 0.5}}, 1.0, 1.0).status == "unbounded"

    def test_a_logarithm_grows_for_ever_and_is_limited_where_amounts_and_money_are(self):
        logarithm = {"kind": "Welfare", "function": {"kind": "Isoelastic", "aversion": 1.0}, "profit_weight": 0.0}
        kind = {**MUSSA_ROSEN, "objective": logarithm, "transfers": (-1.0, 1.0)}
        assert optimum(kind, 1.0, 1.0).status == "unbounded"
        box = {"kind": "Box", "lower": 0.0, "upper": 1.0}
        assert optimum({**kind, "domain": box, "transfers": (-1e9, 1.0)}, 1.0, 1.0).status != "unbounded"

    def test_profit_in_rationals_is_profit(self):
        exact = exact_profit(MUSSA_ROSEN, np.array([[0.1], [0.3]]), np.array([0.1, 0.5]))
        assert float(exact) == pytest.approx(0.75 * (0.1 - 0.005) + 0.25 * (0.5 - 0.045), rel=1e-15)


class TestVerdicts:
    def test_a_menu_worth_less_than_the_best_is_short(self):
        answer = menu([[0.0], [2.0]], [0.0, 4.0], 0.5, 0.7)
        assert judged(whole(MUSSA_ROSEN), answer).verdict == "short"

    @pytest.mark.parametrize(
        ("error", "verdict"),
        [
            ("InfeasibleMenuError", "wrong infeasible"),
            ("UnboundedMenuError", "wrong unbounded"),
            ("SolverError", "solver error"),
            ("ProblemError", "refused"),
        ],
    )
    def test_an_error_on_a_problem_with_a_best_menu_is_a_failure(self, error, verdict):
        found = judged(whole(MUSSA_ROSEN), Outcome("error", error=error, message="words"))
        assert (found.verdict, found.solvable) == (verdict, True)
        assert verdict in FAILED

    def test_the_right_error_is_fine_and_a_solver_error_there_is_counted_apart(self):
        impossible = whole(MUSSA_ROSEN, constraints=[{"utility": np.ones(2), "upper": -1.0}])
        assert judged(impossible, Outcome("error", error="InfeasibleMenuError")).verdict == "ok infeasible"
        assert judged(impossible, Outcome("error", error="SolverError")).verdict == "missed infeasible"
        assert judged(impossible, Outcome("raw", error="LinAlgError")).verdict in GRAVE

    def test_rates_count_problems_that_have_a_best_menu(self):
        kinds = [("ok", True), ("ok infeasible", False), ("solver error", True), ("missed infeasible", False)]
        records = [{"verdict": verdict, "solvable": solvable} for verdict, solvable in kinds]
        assert rate(records) == (1, 2)


class TestCases:
    def test_the_oracle_imports_nothing_of_the_library(self):
        apart = ("build", "trial", "preloaded")  # these put problems to the library
        files = [path for path in (ROOT / "benchmarks" / "fuzz").glob("*.py") if path.stem not in apart]
        for path in [path for path in files if path.stem in ORACLE]:
            assert not imported(path) & {"contracts", *(f"benchmarks.fuzz.{name}" for name in apart)}
        assert all("contracts" not in imported(path) for path in files)

    def test_a_case_is_the_same_for_ever(self):
        first, second = case(3, 17), case(3, 17)
        assert code(first.fields) == code(second.fields)
        assert code(first.fields) != code(case(3, 18).fields)

    def test_cases_hold_every_family_and_every_part(self):
        cases = [case(0, k) for k in range(600)]
        assert {chosen.family for chosen in cases} == set(FAMILIES)
        kinds = {part["kind"] for chosen in cases for part in chosen.base.values() if isinstance(part, dict)}
        assert kinds >= {
            "Linear",
            "Quadratic",
            "Power",
            "Entropy",
            "Cosh",
            "NonNegative",
            "Box",
            "Simplex",
            "Polyhedron",
        }
        assert kinds >= {"TotalVariation", "Wasserstein", "KullbackLeibler", "ChiSquare", "Moments"}
        assert kinds >= {"Interval", "Ellipsoid", "Noise", "Welfare", "WeightedSum"}
        assert any(chosen.n_types > 12 for chosen in cases)

    def test_the_code_that_is_printed_is_the_problem(self):
        def solve_menu(valuations, **fields):
            return c.ScreeningProblem(valuations, **fields)

        names = {name: getattr(c, name) for name in c.__all__} | {"Cosh": Cosh, "inf": INFINITE}
        for number in range(40):
            fields = case(1, number).fields
            built = c.ScreeningProblem(**build(fields))
            typed = eval(code(fields), names | {"solve_menu": solve_menu})
            for name in ("valuations", "weights", "principal_values", "reservation_utility"):
                assert np.array_equal(getattr(typed, name), getattr(built, name))
            assert repr(typed) == repr(built)

    @pytest.mark.parametrize("family", [name for name in FAMILIES if name != "impossible"])
    def test_other_units_change_the_best_value_by_their_factor(self, family):
        """Else the oracle, which goes back to units of one, would answer another question than the library."""
        numbers = [k for k in range(400) if case(2, k).family == family and case(2, k).n_types <= 4][:4]
        for number in numbers:
            chosen = dataclasses.replace(case(2, number), money=1e3, amount=1.0)
            found = optimum(chosen.fields, chosen.money, chosen.amount)
            if found.status == "optimal":
                unit = objective_unit(chosen.base, chosen.money)
                value, size = worth(chosen.fields, found.allocation, found.transfer)
                assert value == pytest.approx(found.value, rel=SOLVER, abs=SOLVER * max(size, unit))

    @pytest.mark.parametrize("ambiguity", [None, {"kind": "TotalVariation", "radius": 0.2}])
    @pytest.mark.parametrize("profit_weight", [0.0, 0.5])
    def test_the_logarithm_of_another_unit_is_another_number(self, profit_weight, ambiguity):
        function = {"kind": "Isoelastic", "aversion": 1.0}
        welfare = {"weights": np.array([0.5, 1.0]), "function": function, "profit_weight": profit_weight}
        doubt = {} if ambiguity is None else {"ambiguity": ambiguity}
        limits = {"transfers": (-2.0, 2.0), "domain": {"kind": "Box", "lower": 0.0, "upper": 3.0}}
        base = {**MUSSA_ROSEN, "objective": {"kind": "Welfare", **welfare}, **limits, **doubt}
        fields = dataclasses.replace(whole(base), money=1e-3).fields
        found = optimum(fields, 1e-3, 1.0)
        value, size = worth(fields, found.allocation, found.transfer)
        assert found.value == pytest.approx(value, abs=SOLVER * size)

    def test_a_type_fewer_is_a_problem(self):
        for number in range(60):
            chosen = case(4, number)
            if chosen.n_types > 1:
                fields = without_type(chosen.base, 0)
                assert c.ScreeningProblem(**build(fields)).n_types == chosen.n_types - 1

    def test_simpler_cases_are_problems(self):
        for _, simpler in [simpler for k in range(8) for simpler in candidates(case(6, k))]:
            try:
                c.ScreeningProblem(**build(simpler.fields))
            except c.ProblemError:
                continue  # a step that leads nowhere: Entropy without its lotteries, say

    @pytest.mark.parametrize("number", QUICK)
    def test_no_wrong_answer_and_no_traceback(self, number):
        chosen = case(5, number)
        verdict = judged(chosen, library(chosen))
        assert verdict.verdict not in GRAVE, verdict


class TestRecords:
    def test_a_line_that_was_cut_off_is_removed_before_more_is_added(self, tmp_path):
        path = tmp_path / "record.jsonl"
        append(path, {"seed": 0, "case": 0})
        with path.open("a") as stream:
            stream.write('{"seed": 0, "ca')
        assert read(path, 0) == [{"seed": 0, "case": 0}]
        append(path, {"seed": 0, "case": 1})
        assert [record["case"] for record in read(path, 0)] == [0, 1]
        assert list(numbers_to_do(read(path, 0), 4)) == [2, 3]

    def test_two_seeds_in_one_record_are_refused(self, tmp_path):
        append(tmp_path / "record.jsonl", {"seed": 1, "case": 0})
        with pytest.raises(SystemExit, match="seed 1, not 0"):
            read(tmp_path / "record.jsonl", 0)

    @pytest.mark.slow
    def test_the_command_runs_goes_on_and_replays(self, tmp_path):
        out = tmp_path / "record.jsonl"
        command = [sys.executable, "-m", "benchmarks.fuzz", "--seed", "5", "--out", str(out)]
        for cases in ("2", "4"):
            done = subprocess.run(
                [*command, "--cases", cases, "--workers", "2"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        records = [json.loads(line) for line in out.read_text().splitlines()]
        assert sorted(record["case"] for record in records) == [0, 1, 2, 3]
        assert "up to ten types" in done.stdout
        replayed = subprocess.run([*command, "--case", "1"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert f"verdict: {next(r['verdict'] for r in records if r['case'] == 1)}" in replayed.stdout
        assert "solve_menu(" in replayed.stdout


def imported(path):
    """First parts of what a file imports, and the whole names within this package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        found |= {name if name.startswith("benchmarks.") else name.split(".")[0] for name in names}
    return found
