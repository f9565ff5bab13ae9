"""Who runs when: every method grows until it has used up its share of the budget."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import Case

ROOT = Path(__file__).parent.parent
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
SHARES = {"all pairs": 0.2, "sort": 0.2, "stable argsort": 0.2}  # of what other methods get
LEAST = 5.0  # seconds that one run may always take
GOOD = ("certified", "optimal", "optimal_inaccurate", "done")

Row = dict[str, Any]
Runner = Callable[[Case, int, str, float], Row]


def methods_of(case: Case) -> tuple[str, ...]:
    """What runs on a case; the floors first and the library next, so that ratios are known as rows arrive."""
    if not case.with_money:
        return ("all pairs", "library", "cvxpy Clarabel")
    floors = ("all pairs", "sort", "stable argsort") if case.on_a_line else ("all pairs",)
    linear = () if case.quadratic else ("cvxpy HiGHS",)
    local = ("cvxpy local",) if case.on_a_line else ()
    return (*floors, "library", *local, *linear, "cvxpy Clarabel", "cvxpy loop")


def floor_of(case: Case) -> str:
    """The method whose time no other can beat: sorting on a line, looking at all pairs once elsewhere."""
    return "stable argsort" if case.on_a_line else "all pairs"


def measurements(
    cases: Iterable[Case],
    budget: float,
    run: Runner,
    *,
    largest: int = sys.maxsize,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Row]:
    """Rows as they are measured. What a method leaves of its share is divided among those still to come.

    Parameters
    ----------
    budget : seconds for everything
    run : measures one case, size and method within so many seconds
    largest : number of types beyond which nobody goes
    """
    series = [(case, method) for case in cases for method in methods_of(case)]
    shares = [SHARES.get(method, 1.0) for _, method in series]
    end = clock() + budget
    for number, (case, method) in enumerate(series):
        share = max(0.0, end - clock()) * shares[number] / sum(shares[number:])
        yield from _growing(case, method, share, run, largest, clock)


def _growing(
    case: Case, method: str, share: float, run: Runner, largest: int, clock: Callable[[], float]
) -> Iterator[Row]:
    """One method on one case, larger and larger, until a run fails or the next would exceed the share.

    A run takes at least in proportion to the number of types: if that alone is too much, it is not begun.
    """
    stop, previous = clock() + share, None
    for size in case.sizes:
        n_types, left = case.n_types(size), stop - clock()
        if n_types > largest:
            return
        if previous is not None and previous["seconds"] * n_types / previous["n_types"] > left:
            return
        limit = max(LEAST, left)
        row = {"case": case.name, "n_types": n_types, "size": size, "method": method, **run(case, size, method, limit)}
        yield row
        if row["status"] not in GOOD:
            return
        previous = row


def library_of(method: str) -> str:
    """What a method needs imported."""
    return "contracts" if method == "library" else "cvxpy" if method.startswith("cvxpy") else "NumPy"


@contextlib.contextmanager
def children(memory: float) -> Iterator[Runner]:
    """Runs every measurement in a process of its own, on one thread and within `memory` MB.

    One server per library has it imported and forks for each run: imports would take longer than most runs do.
    """
    servers: dict[str, subprocess.Popen[str]] = {}

    def run(case: Case, size: int, method: str, limit: float) -> Row:
        name = library_of(method)
        if name not in servers:
            servers[name] = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.child", name],
                cwd=ROOT,
                env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        sent, received = servers[name].stdin, servers[name].stdout
        assert sent is not None
        assert received is not None
        request = {"case": case.name, "size": size, "method": method, "limit": limit, "memory": memory}
        reply = ""
        with contextlib.suppress(BrokenPipeError):
            sent.write(json.dumps(request) + "\n")
            sent.flush()
            reply = received.readline()
        if reply:
            return dict(json.loads(reply))
        code = closed(servers.pop(name))  # the next run gets a new one
        return {"status": "failed", "seconds": None, "message": f"the server of {name} ended with code {code}"}

    try:
        yield run
    finally:
        for server in servers.values():
            closed(server)


def closed(server: subprocess.Popen[str]) -> int:
    """The exit code of a server that is asked to end."""
    if server.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            server.stdin.close()
    code = server.wait()
    if server.stdout is not None:
        server.stdout.close()
    return code
