"""Sweeps: the same rows whoever computes them, nothing that is done is lost, and refusals that say what to do."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import contracts as c
from contracts.errors import ProblemError
from contracts.sweeps.chunks import DEATHS, Chunks
from contracts.sweeps.families import facts_of, read_family
from contracts.sweeps.grid import read_grid

PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
import contracts

def cell(a, rng):
    time.sleep(0.02)
    if a == 7 and not Path("killed").exists() and sys.argv[2] == "2":
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if a == 5:
        raise ValueError("five")
    if a == 9 and sys.argv[1] == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"x": a + rng.normal()}

if __name__ == "__main__":
    swept = contracts.sweep(cell, {"a": range(int(sys.argv[3]))}, seed=3, n_workers=int(sys.argv[2]) or None,
                            folder="rows", parts="jsonl", progress=lambda line: print(line, flush=True),
                            cluster=sys.argv[4] if len(sys.argv) > 4 else None)
    Path("found.json").write_text(json.dumps({row["a"]: row for row in swept.rows()}))
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "script.py").write_text(PROGRAM)
    root = str(Path(c.__file__).parents[1])

    def start(*arguments):
        command = [sys.executable, "script.py", *map(str, arguments)]
        return subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, stdout=-1, text=True)

    return start


def expected(a):
    """Its draw by NumPy's own way of spawning."""
    return a + np.random.default_rng(np.random.SeedSequence(3).spawn(a + 1)[a]).normal()


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_and_a_deadly_cell_is_a_row(script, tmp_path):
    process = script("deadly", 2, 12)
    process.communicate(timeout=400)
    assert process.returncode == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert (tmp_path / "killed").exists()
    assert found["5"]["error"] == "ValueError: five"
    assert found["9"]["error"] == f"{DEATHS} workers died in this cell, the last by SIGKILL"
    alive = [a for a in range(12) if a not in (5, 9)]
    assert {a: found[str(a)]["x"] for a in alive} == {a: expected(a) for a in alive}


@pytest.mark.slow
def test_a_killed_driver_goes_on_where_it_was_to_the_same_rows(script, tmp_path):
    process = script("", 1, 300)
    until = time.monotonic() + 400
    while not list(tmp_path.glob("rows/part-*")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = script("", 1, 300)
    first = again.communicate(timeout=400)[0].splitlines()[0]
    assert first.endswith("of 300 cells were there")
    assert 0 < int(first.split()[0]) < 300
    found = json.loads((tmp_path / "found.json").read_text())
    assert [found[str(a)]["x"] for a in (0, 150, 299)] == [expected(a) for a in (0, 150, 299)]


def noisy(a, rng):
    return {"x": a * rng.random(), "name": "n"}


def failing(a):
    if a == 1:
        raise ValueError("one")
    return a


@pytest.mark.parametrize("parts", ["parquet", "jsonl"])
def test_rows_in_a_folder_are_those_in_memory(tmp_path, parts):
    grid = {"a": [1.0, 2.0], "b": ["x", "y"]}
    here = c.sweep(lambda a, b, rng: noisy(a, rng), grid, n_replications=3, seed=1).to_frame()
    assert here.shape == (12, 6)
    there = c.sweep(lambda a, b, rng: noisy(a, rng), grid, n_replications=3, seed=1, folder=tmp_path / "r", parts=parts)
    assert there.to_frame().equals(here)


def test_a_failed_cell_is_a_row_that_can_be_tried_again(tmp_path):
    found = c.sweep(failing, {"a": [0, 1, 2]}, folder=tmp_path)
    assert found.n_failed == 1
    assert [(row["a"], row["error"]) for row in found.failed()] == [(1, "ValueError: one")]
    said = []
    c.sweep(failing, {"a": [0, 1, 2]}, folder=tmp_path, progress=said.append)
    assert said == ["3 of 3 cells were there"]
    c.sweep(failing, {"a": [0, 1, 2]}, folder=tmp_path, retry=True, progress=said.append)
    assert said[1] == "2 of 3 cells were there"


def test_a_folder_is_of_one_sweep(tmp_path):
    c.sweep(failing, {"a": [0]}, folder=tmp_path / "r", seed=1)
    for changed, says in (({"seed": 2}, "seed is 1 there and 2 here"), ({"grid": {"a": [2]}}, "grid is"),
                          ({"family": len}, "cannot be called"), ({"parts": "jsonl"}, "parts is")):  # fmt: skip
        with pytest.raises(ProblemError, match=says):
            c.sweep(**({"family": failing, "grid": {"a": [0]}, "folder": tmp_path / "r", "seed": 1} | changed))


def test_a_full_disk_loses_nothing_that_was_written(tmp_path, monkeypatch):
    c.sweep(failing, {"a": [0, 2]}, folder=tmp_path / "done")

    def full(path, content):
        raise ProblemError(f"{path} cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("contracts.sweeps.parts.write_bytes", full)
        with pytest.raises(ProblemError, match="No space left"):
            c.sweep(failing, {"a": [0, 2]}, folder=tmp_path / "r")
    assert c.sweep(failing, {"a": [0, 2]}, folder=tmp_path / "r").n_failed == 0


FULL = """
import resource, sys
from pathlib import Path

import contracts, contracts.sweeps.run

contracts.sweeps.run.EVERY = (0.0, 0.0)  # every row is a part

def cell(a):
    return {"text": "x" * (9_000 if a == 5 else 9)}

if sys.argv[1] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
try:
    found = contracts.sweep(cell, {"a": range(8)}, folder="rows", parts="jsonl", n_workers=1)
    print(len(list(found.rows())))
except contracts.ContractError as error:
    print(error)
"""


def test_what_no_longer_fits_is_said_and_the_sweep_goes_on_from_what_did(tmp_path):
    """A limit that the system keeps, so that the failing write is a real one."""
    (tmp_path / "driver.py").write_text(FULL)
    first, second = (
        subprocess.run([sys.executable, "driver.py", how], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        for how in ("full", "free")
    )
    assert "part-000005.jsonl cannot be written: File too large" in first.stdout, first.stderr
    assert second.stdout == "8\n", second.stderr
    assert len(list((tmp_path / "rows").glob("part-*"))) > 1
    assert not list((tmp_path / "rows").glob(".*.partial"))


def test_a_grid_that_is_too_large_is_refused_and_a_dry_run_says_how_long(tmp_path):
    vast = {"a": range(2, 10**5), "b": range(10**4)}
    with pytest.raises(ProblemError, match="999,980,000 cells"):
        c.sweep(lambda a, b: a, vast, folder=tmp_path / "r")
    with pytest.raises(ProblemError, match="folder=PATH writes them"):
        c.sweep(failing, {"a": range(2 * 10**6)})
    tried = c.sweep(lambda a, b: a, vast, dry_run=True, n_workers=1)
    assert (tried.n_cells, tried.n_done, tried.n_tried) == (999_980_000, 0, 5)
    assert not (tmp_path / "r").exists()
    assert c.sweep(failing, {"a": [1]}, dry_run=True).errors == ("ValueError: one",)


def test_a_sweep_of_a_problem_agrees_with_comparative_statics():
    problem = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic())
    moved = c.comparative_statics(problem, "serving_cost", [0.0, 0.5]).to_frame().reset_index(drop=True)
    swept = c.sweep(problem, {"serving_cost": [0.0, 0.5]}).to_frame().reset_index(drop=True)
    for name in ("value", "upper_bound", "expected_utility", "n_options", "n_excluded"):
        np.testing.assert_array_equal(moved[name], swept[name])


def test_chunks_grow_to_a_quarter_of_a_second_and_a_deadly_cell_is_found():
    chunks = Chunks(range(5000), 5000)
    for _ in range(8):
        chunk = chunks.following()
        chunks.took(len(chunk.cells), 0.001 * len(chunk.cells))
    assert 240 <= chunks.size <= 260
    chunk, found, deaths = chunks.following(), [], 0
    deadly = chunk.cells[17]
    while not found:
        if deadly in chunk.cells:
            found, deaths = chunks.died(chunk, "by SIGKILL"), deaths + 1
        else:
            chunks.took(len(chunk.cells), 0.1)
        chunk = chunks.following()
    assert [one.cell for one in found] == [deadly]
    assert deaths <= 8 + DEATHS


@pytest.mark.parametrize(
    ("family", "grid", "says"),
    [
        (failing, {}, "names no parameter"),
        (failing, {"a": []}, "is empty"),
        (failing, {"a": "text"}, "give a list of values"),
        (failing, {"b": [1]}, "cannot be called"),
        (failing, [{"a": 1}, {"b": 1}], "name the same in every cell"),
        (failing, {"rng": [1]}, "of its own"),
        (3, {"a": [1]}, "give a function"),
    ],
)
def test_what_makes_no_sense_is_refused(family, grid, says):
    with pytest.raises(ProblemError, match=says):
        c.sweep(family, grid)


def test_repetitions_need_draws():
    with pytest.raises(ProblemError, match="takes rng"):
        c.sweep(failing, {"a": [0]}, n_replications=2)


def test_what_a_sweep_is_survives_processes_and_tells_functions_apart():
    def facts(family):
        return facts_of(read_family(family, read_grid({"a": [1]}, 1), 0, 1e-6))

    assert facts(failing) == facts(failing)
    assert facts(failing) != facts(lambda a: a)


def test_a_cluster_that_is_not_there_is_said(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("contracts.sweeps.cluster.ANSWER", 0.5)
    with pytest.raises(ProblemError, match=r"no cluster answers at 'tcp://127.0.0.1:9'"):
        c.sweep(failing, {"a": [0]}, cluster="tcp://127.0.0.1:9")
    with pytest.raises(ProblemError, match="give a client of dask"):
        c.sweep(failing, {"a": [0]}, cluster=3)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on loopback."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as started:
        yield started.scheduler_address


@pytest.mark.slow
def test_rows_of_a_cluster_are_those_of_this_process(cluster):
    grid = {"a": list(range(40))}

    def where(a, rng):
        return {"x": a * rng.random(), "process": float(os.getpid())}

    here, there = (
        c.sweep(where, grid, seed=4, n_replications=2, **on) for on in ({"n_workers": 1}, {"cluster": cluster})
    )
    assert there.failed() == []
    here, there = here.to_frame(), there.to_frame()
    pd.testing.assert_frame_equal(there.drop(columns="process"), here.drop(columns="process"), check_exact=True)
    assert os.getpid() not in set(there["process"])
    assert c.sweep(failing, {"a": [0, 1]}, cluster=cluster).failed()[0]["error"] == "ValueError: one"


@pytest.mark.slow
def test_a_worker_with_another_version_is_refused_by_name(cluster, monkeypatch):
    assert c.sweep(noisy, {"a": [1.0]}, cluster=cluster).n_failed == 0
    monkeypatch.setattr("contracts.sweeps.cluster.library_version", lambda: "99.0")
    with pytest.raises(ProblemError, match=r"the worker tcp://127\.0\.0\.1:\d+ has menuwright .*, this process 99\.0"):
        c.sweep(noisy, {"a": [1.0]}, cluster=cluster)


@pytest.fixture
def dask(tmp_path):
    """A scheduler and two workers, each a process of its own that nobody watches over."""
    pytest.importorskip("distributed")
    started = []

    def start(kind, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
        one = subprocess.Popen([*command, "--scheduler-file", "cluster", *arguments], cwd=tmp_path, stderr=-3,
                               env=os.environ | {"PYTHONPATH": str(Path(c.__file__).parents[1])})  # fmt: skip
        started.append(one)
        return one

    try:
        scheduler = start("scheduler", "--port", "0")
        workers = [start("worker", "--no-nanny", "--nthreads", "1") for _ in range(2)]
        said, until = "", time.monotonic() + 100
        while not said.endswith("}") and time.monotonic() < until:  # the file may be half written
            time.sleep(0.05)
            said = (tmp_path / "cluster").read_text().strip() if (tmp_path / "cluster").exists() else ""
        yield json.loads(said)["address"], scheduler, workers
    finally:
        for one in started:
            one.kill()
            one.wait()


@pytest.mark.slow
def test_a_worker_of_dask_its_driver_and_its_scheduler_are_killed(dask, script, tmp_path):
    from distributed import Client

    address, scheduler, workers = dask
    with Client(address, timeout=100) as client:
        client.wait_for_workers(2, timeout=100)

    def parts():
        return len(list(tmp_path.glob("rows/part-*")))

    def until_more(count, process):
        while parts() < count and process.poll() is None:
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()[0]

    driver = script("", 0, 400, address)
    until_more(1, driver)
    workers[0].kill()
    until_more(parts() + 1, driver)
    driver.kill()
    assert "2 threads on the cluster" in driver.communicate()[0]
    said = script("", 0, 400, address).communicate(timeout=400)[0].splitlines()
    assert 0 < int(said[0].split()[0]) < 400
    assert said[1] == "1 threads on the cluster"
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["5"]["error"] == "ValueError: five"
    assert {int(a): row["x"] for a, row in found.items() if a != "5"} == {a: expected(a) for a in range(400) if a != 5}

    victim = scheduler.pid

    def ends_it(a):
        os.kill(victim, signal.SIGKILL)
        return {"x": a}

    with pytest.raises(ProblemError, match="the cluster has ended"):
        c.sweep(ends_it, {"a": range(3)}, cluster=address)
