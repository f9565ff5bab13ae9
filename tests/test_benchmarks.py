"""The benchmarks run, and report facts that are no timings: exactness, gaps, and values that agree."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import CASES, Case, case_named
from benchmarks.child import worst_violation
from benchmarks.results import COLUMNS, exponent, growth, markdown, value_off, with_ratios
from benchmarks.schedule import LEAST, children, floor_of, measurements, methods_of

ROOT = Path(__file__).parent.parent
SOLVER_TOLERANCE = 1e-6  # relative; Clarabel and HiGHS stop near 1e-8 of their own scaling
VIOLATION_TOLERANCE = 1e-6  # utility; types' valuations are of order one
ROCHET_CHONE_5 = 1.622148881  # 5 x 5 corner-included grid on [1, 2]^2, three solvers agree
GAP = 1e-6


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    out = tmp_path_factory.mktemp("benchmarks")
    command = [sys.executable, "-m", "benchmarks", "--quick", "--max-types", "27", "--budget", "20", "--out", str(out)]
    done = subprocess.run(
        [*command, "--cases", "rochet-chone,auction,line"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {path.name for path in out.iterdir()}
    assert names == {"results.json", "results.md", "growth.png", "growth.svg"}
    assert "time / library" in done.stdout
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


@pytest.mark.slow
class TestQuickRun:
    def test_every_method_of_every_case_has_a_row(self, record):
        expected = {
            (case.name, method)
            for case in map(case_named, ("rochet-chone", "auction", "line"))
            for method in methods_of(case)
        }
        assert {(row["case"], row["method"]) for row in record["rows"]} == expected
        assert record["schema"] == "menuwright/benchmarks/1"

    def test_rows_measure_time_and_memory_and_ratios_refer_to_the_library(self, record):
        for row in record["rows"]:
            assert row["seconds"] > 0
            assert row["memory_mb"] >= row["memory_before_mb"] > 0
            if row["method"] == "library":
                assert row["ratio_to_library"] == 1
            if row["method"] == row["floor"]:
                assert row["ratio_to_floor"] == 1

    def test_the_librarys_menus_are_exact_and_within_their_gap(self, record):
        ours = [row for row in record["rows"] if row["method"] == "library"]
        assert len(ours) == 3
        for row in ours:
            assert row["status"] == "certified"
            assert row["ic_violation"] == row["ir_violation"] == 0
            assert row["relative_gap"] <= GAP
            assert row["value"] <= row["upper_bound"]

    def test_the_baselines_claim_what_the_library_proves(self, record):
        theirs = [row for row in record["rows"] if row["engine"] in ("CLARABEL", "HIGHS")]
        assert {row["method"] for row in theirs} == {"cvxpy loop", "cvxpy Clarabel", "cvxpy HiGHS", "cvxpy local"}
        for row in theirs:
            assert row["status"] == "optimal"
            assert abs(row["value_off"]) <= SOLVER_TOLERANCE
            assert row["ic_violation"] <= VIOLATION_TOLERANCE

    def test_the_literatures_value_is_found_by_all(self, record):
        values = [row["value"] for row in record["rows"] if row["case"] == "rochet-chone" and "value" in row]
        assert len(values) == 3
        assert values == pytest.approx([ROCHET_CHONE_5] * 3, rel=SOLVER_TOLERANCE)

    def test_the_page_has_every_row(self, record):
        lines = [line for line in markdown(record).splitlines() if line.startswith(("| rochet", "| line", "| auction"))]
        assert len(lines) == len(record["rows"])


@pytest.fixture(scope="module")
def run():
    with children(8192) as run:
        yield run


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("policies", 5), ("random-line", 20)])
def test_new_formulations_claim_what_the_library_proves(run, name, size):
    case = case_named(name)
    rows = [{"case": name, "n_types": size, "method": m, **run(case, size, m, 120.0)} for m in methods_of(case)]
    rows = {row["method"]: row for row in with_ratios(rows)}
    assert rows["library"]["status"] == "certified"
    assert rows["library"]["ic_violation"] == 0
    assert rows["library"]["relative_gap"] <= GAP
    for method in set(rows) & {"cvxpy Clarabel", "cvxpy local"}:
        assert rows[method]["status"] == "optimal"
        assert abs(rows[method]["value_off"]) <= SOLVER_TOLERANCE
        assert rows[method]["ic_violation"] <= VIOLATION_TOLERANCE
        assert rows[method]["ir_violation"] <= VIOLATION_TOLERANCE


@pytest.mark.slow
def test_a_server_that_dies_is_a_failed_row_and_the_next_run_has_a_new_one(monkeypatch):
    started, popen = [], subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kw: started.append(popen(*args, **kw)) or started[-1])
    case = case_named("line")
    with children(8192) as run:
        assert run(case, 25, "sort", 60.0)["status"] == "done"
        started[0].kill()
        dead = run(case, 25, "sort", 60.0)
        assert (dead["status"], dead["seconds"]) == ("failed", None)
        assert "the server of NumPy ended with code -9" in dead["message"]
        assert run(case, 25, "sort", 60.0)["status"] == "done"
    assert len(started) == 2


# ---- the arithmetic ----


def test_a_violation_is_the_largest_gain_from_another_contract():
    gain = worst_violation(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]), np.array([1.0, 3.25]))
    assert gain == 0.25


def test_a_menu_that_tempts_nobody_has_no_violation():
    assert worst_violation(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]), np.array([1.0, 2.5])) == 0


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.0])
def test_growth_exponents_of_powers_are_the_powers(power):
    assert exponent([(n, 7 * n**power) for n in (25, 50, 100, 200)]) == pytest.approx(power)


def test_growth_is_fitted_on_the_largest_sizes_only():
    seconds = {25: 5.0, 49: 5.0, 100: 1.0, 200: 2.0, 400: 4.0, 800: 8.0}
    rows = [{"case": "auction", "method": "library", "n_types": n, "seconds": s} for n, s in seconds.items()]
    [fit] = growth(rows)
    assert fit["exponent"] == pytest.approx(1.0)
    assert (fit["from_types"], fit["to_types"]) == (100, 800)
    assert growth(rows[:2]) == []


@pytest.mark.parametrize(
    ("claimed", "expected"), [(2.0, 0.0), (2.5, 0.0), (3.0, 0.25), (1.0, -0.5), (None, None)], ids=str
)
def test_a_claim_is_off_by_what_lies_outside_the_proven_interval(claimed, expected):
    assert value_off(claimed, 2.0, 2.5) == expected


def test_ratios_are_blank_where_the_library_did_not_run():
    rows = [{"case": "auction", "n_types": 25, "method": "cvxpy loop", "seconds": 3.0, "status": "optimal"}]
    assert with_ratios(rows)[0]["ratio_to_library"] is None


def test_a_killed_run_is_shown_as_longer_than_its_limit():
    row = {"case": "auction", "n_types": 25, "method": "cvxpy loop", "seconds": None, "status": "timeout"}
    record = {
        "budget_seconds": 10.0,
        "machine": {},
        "growth": [],
        "rows": with_ratios([{**row, "limit_seconds": 12.0}]),
    }
    assert "| > 12" in markdown(record)
    assert all(column in markdown(record) for column in COLUMNS)


# ---- the schedule ----


class Machine:
    """A clock, and runs that take a known time of it."""

    def __init__(self, seconds):
        self.now, self.seconds, self.limits = 0.0, seconds, []

    def run(self, case, size, method, limit):
        self.limits.append(limit)
        needed = self.seconds(case.n_types(size), method)
        self.now += min(needed, limit)
        if needed > limit:
            return {"status": "timeout", "seconds": None, "limit_seconds": limit}
        return {"status": "done", "seconds": needed}


def rows_of(seconds, budget, **options):
    machine = Machine(seconds)
    rows = list(measurements([case_named("rochet-chone")], budget, machine.run, clock=lambda: machine.now, **options))
    return machine, rows


def test_methods_grow_until_their_share_is_used_up_and_the_budget_is_kept():
    machine, rows = rows_of(lambda n, method: 1e-5 * n * n, 300.0)
    assert machine.now <= 300.0
    for method in methods_of(case_named("rochet-chone")):
        sizes = [row["n_types"] for row in rows if row["method"] == method]
        assert sizes == sorted(sizes)
        assert len(sizes) > 3


def test_a_method_stops_at_its_first_failure():
    _, rows = rows_of(lambda n, method: 1e9 if method == "cvxpy loop" and n > 25 else 0.01, 300.0)
    loop = [row["status"] for row in rows if row["method"] == "cvxpy loop"]
    assert loop == ["done", "timeout"]


def test_without_budget_every_method_still_runs_once():
    machine, rows = rows_of(lambda n, method: 1.0, 0.001)
    assert len(rows) == len(methods_of(case_named("rochet-chone")))
    assert machine.limits == [LEAST] * len(rows)


@pytest.mark.slow
def test_a_run_is_killed_at_its_limit_and_the_next_one_is_measured():
    case = case_named("auction")
    with children(8192) as run:
        assert run(case, 20, "cvxpy loop", 0.5) == {"status": "timeout", "seconds": None, "limit_seconds": 0.5}
        assert run(case, 5, "cvxpy HiGHS", 60.0)["status"] == "optimal"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_a_run_that_wants_too_much_memory_is_refused():
    with children(1024) as run:
        assert run(case_named("line"), 1600, "cvxpy Clarabel", 120.0)["status"] == "memory"


def test_nobody_goes_beyond_the_largest_size():
    _, rows = rows_of(lambda n, method: 0.001, 300.0, largest=100)
    assert max(row["n_types"] for row in rows) == 100


# ---- the cases ----


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_grow_from_about_25_types_and_are_the_same_every_time(case: Case):
    sizes = [case.n_types(size) for size in case.sizes]
    assert (25 if case.with_money else 5) <= sizes[0] <= 81
    assert all(a < b for a, b in itertools.pairwise(sizes))
    instance = case.instance(case.sizes[0])
    assert instance.valuations.shape == (sizes[0], case.dimension)
    assert math.isclose(instance.weights.sum(), 1.0)
    assert np.array_equal(instance.valuations, case.instance(case.sizes[0]).valuations)
    assert floor_of(case) in methods_of(case)


def test_a_larger_random_draw_begins_with_the_smaller_one():
    case = case_named("random-auction")
    assert np.array_equal(case.instance(50).valuations[:25], case.instance(25).valuations)


@pytest.mark.slow
def test_the_exact_front_of_three_cultures_beats_search_on_raw_variables():
    from benchmarks.fronts import measurements

    exact, alone, *searched = measurements(gap=0.02)
    assert exact["upper"] * 0.97 <= exact["hypervolume"] <= exact["upper"]
    assert alone["hypervolume"] <= exact["hypervolume"]
    assert [row["method"].split(",")[0] for row in searched] == ["NSGA-II", "NSGA-II", "NSGA-III", "NSGA-III"]
    assert all(row["hypervolume"] < exact["hypervolume"] for row in searched)
    assert all(row["evaluations"] >= 10 * exact["evaluations"] for row in searched[::2])


# ---- logs ----


@pytest.mark.slow
def test_the_benchmark_of_logs_accounts_for_every_row(tmp_path):
    pytest.importorskip("ibis", reason="needs the extra logs")
    out = tmp_path / "logs.json"
    options = ["--rows", "1e6", "--repeat", "1", "--scratch", str(tmp_path), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.logs", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    methods = json.loads(out.read_text(encoding="utf-8"))["methods"]
    assert set(methods) == {"library", "raw table", "raw"}
    [run] = methods["library"]["runs"]
    assert run["rows_read"] == 10**6
    assert sum(run["refused"].values()) > 0
    assert methods["library"]["library_over_this"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["logs.json"]  # the log is gone
