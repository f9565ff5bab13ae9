"""Every engine at its limit in one run: python -m benchmarks.engines [--largest 2500] [--cases line,policies].

Each problem is solved in a process of its own, on one thread: processor seconds (the least of short runs), the proven
gap, the peak of its memory beside that of the process before, and the engine; then how time grows with types.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.cases import SEED, case_named
from benchmarks.child import GAP, peak_memory
from benchmarks.results import FEWEST, exponent
from benchmarks.schedule import ONE_THREAD

RUNS, SHORT = 5, 5.0  # runs of which the least counts, as long as they take less than so many seconds
Problem = dict[str, Any]
GROWING: dict[str, tuple[int, ...]] = {  # sizes of the cases of `benchmarks.cases`
    "rochet-chone": (20, 30, 50, 100, 200, 316),
    "auction": (20, 50, 100),
    "random-quadratic": (400, 900, 2500),
    "random-auction": (400, 900, 2500),
    "grid-3d": (10, 15),
    "random-line": (10_000, 100_000, 1_000_000),
    "line": (10_000, 100_000, 1_000_000),
    "policies": (20, 50),
}


def few(goods: int) -> Problem:
    """Three types."""
    import contracts as c

    return {"problem": 1 + np.random.default_rng(SEED).random((3, goods)), "cost": c.Quadratic()}


def on_a_line(count: int, **fields: Any) -> Problem:
    """Random types on a line with something besides."""
    import contracts as c

    types = 1 + np.random.default_rng(SEED).random(count)
    return {"problem": types, "cost": c.Quadratic(), **fields}


def capacity(count: int) -> Problem:
    """Less to hand out than the best menu asks for."""
    import contracts as c

    return on_a_line(count, constraints=[c.Capacity(0.3)])


def cap(count: int) -> Problem:
    """Nobody pays more than one."""
    return on_a_line(count, transfers=(-np.inf, 1.0))


def ambiguity(count: int) -> Problem:
    """Only the mean type is known, within a tenth."""
    import contracts as c

    types = np.linspace(1.0, 2.0, count)
    return on_a_line(count, problem=types, ambiguity=c.Moments(types, types.mean() - 0.05, types.mean() + 0.05))


def delegation(count: int) -> Problem:
    """An agent who likes decisions near its type, stated as -(a - t)^2; the principal would like them lower."""
    import contracts as c

    types, decisions = np.linspace(0.0, 1.0, count), np.linspace(0.0, 1.0, 21)
    away = -((decisions - types[:, np.newaxis]) ** 2)
    return {
        "problem": away,
        "principal_values": -((decisions - types[:, np.newaxis] + 0.2) ** 2),
        "domain": c.Simplex(),
        "transfers": "none",
        "reservation_utility": -np.inf,
    }


OTHERS: dict[str, tuple[Callable[[int], Problem], tuple[int, ...]]] = {
    "three types": (few, (1, 2)),
    "capacity": (capacity, (500, 2000, 5000)),
    "cap on transfers": (cap, (50, 500, 5000)),
    "ambiguity": (ambiguity, (100, 400, 2000)),
    "delegation": (delegation, (20, 40, 80)),
}


def rows(names: list[str], largest: int) -> Iterator[tuple[str, int, int]]:
    """Name, size and number of types of all that is to be run."""
    for name, sizes in GROWING.items():
        case = case_named(name)
        for size in sizes:
            if name in names and (case.n_types(size) <= largest or case.on_a_line):
                yield name, size, case.n_types(size)
    for name, (_, sizes) in OTHERS.items():
        for size in sizes:
            if name in names:
                yield name, size, 3 if name == "three types" else size


def built(name: str, size: int) -> Problem:
    """The arguments of solve_menu."""
    return OTHERS[name][0](size) if name in OTHERS else of_case(case_named(name), size)


def of_case(case: Any, size: int) -> Problem:
    """The arguments of solve_menu for one of `benchmarks.cases`."""
    import contracts as c

    instance = case.instance(size)
    fields: Problem = {"cost": c.Quadratic()} if instance.quadratic else {"domain": c.Box()}
    if instance.without_money is not None:
        values, temperature, default = instance.without_money
        fields = {
            "principal_values": values,
            "cost": c.Entropy(default, temperature),
            "domain": c.Simplex(),
            "outside_option": default,
            "transfers": "none",
        }
    return {"problem": instance.valuations, "weights": instance.weights, **fields}


def timed(problem: Problem) -> tuple[Any, float]:
    """The menu, and the processor seconds it took."""
    import contracts as c

    start = time.process_time()
    menu = c.solve_menu(gap=GAP, **problem)
    return menu, time.process_time() - start


def measured(name: str, size: int) -> dict[str, Any]:
    """In a process of its own."""
    import contracts as c

    problem, before, floor = built(name, size), peak_memory(), None
    try:
        menu, seconds = timed(problem)
        peak = peak_memory()  # of one solve: later ones begin beside the menu of the one before
        more = RUNS - 1 if seconds < SHORT else 0
        seconds = min([seconds, *(timed(problem)[1] for _ in range(more))])
    except c.ContractError as failure:
        return {"said": f"{type(failure).__name__}: {failure}"[:60]}
    if name in GROWING and case_named(name).on_a_line:
        shuffled = np.random.default_rng(SEED).permutation(problem["problem"][:, 0])
        start = time.process_time()
        np.argsort(shuffled, kind="stable")
        floor = time.process_time() - start
    certificate = menu.certificate
    said = ("certified" if certificate.holds and certificate.is_exact else "NOT certified") + f", {menu.engine}"
    return {
        "seconds": seconds,
        "gap": certificate.relative_gap,
        "memory": (peak, before),
        "floor": floor,
        "said": said,
    }


def in_a_fork(name: str, size: int) -> dict[str, Any]:
    """What `measured` says in a copy of this process; what it imports and keeps goes with it."""
    with get_context("fork").Pool(1) as pool:
        return dict(pool.apply(measured, (name, size)))


FIRST = """
import sys, time
from benchmarks.engines import few, timed
import contracts
problem = few(int(sys.argv[1]))
print(timed(problem)[1], "cvxpy" in sys.modules)
"""


def first_menus() -> Iterator[str]:
    """What the first menu of three types takes in a process that has imported contracts and nothing besides."""
    for goods in (1, 2):
        runs = [
            subprocess.run([sys.executable, "-c", FIRST, str(goods)], capture_output=True, text=True, check=True).stdout
            for _ in range(RUNS)
        ]
        seconds, cvxpy = min(run.split() for run in runs)
        yield f"first menu of a process, 3 types, {goods} goods: {float(seconds):.3f} CPU s, cvxpy imported: {cvxpy}"


def main() -> None:
    """Measure and print."""
    known = [*GROWING, *OTHERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--largest", type=int, default=2500, help="most types off a line (2500)")
    parser.add_argument("--cases", help=f"comma-separated, of {', '.join(known)} (all)")
    options = parser.parse_args()
    names = options.cases.split(",") if options.cases else known
    if unknown := set(names) - set(known):
        parser.error(f"no case {min(unknown)!r}: use {', '.join(known)}")
    if any(os.environ.get(name) != "1" for name in ONE_THREAD[:1]):
        parser.error("set OMP_NUM_THREADS=1: processor seconds of several threads add up")
    import contracts as c

    c.solve_menu([1.0, 2.0], cost=c.Quadratic())
    found: dict[str, list[tuple[float, float]]] = {}
    print(f"{'case':22} {'types':>9} {'CPU s':>9} {'gap':>8} {'peak MB':>8} {'before':>7}  engine")
    for name, size, count in rows(names, options.largest):
        row = in_a_fork(name, size)
        if "seconds" not in row:
            print(f"{name:22} {count:9,} {'':35}  {row['said']}", flush=True)
            continue
        peak, before = row["memory"]
        floor = f", {row['seconds'] / row['floor']:.1f} x a stable argsort" if row["floor"] else ""
        print(
            f"{name:22} {count:9,} {row['seconds']:9.4f} {row['gap']:8.0e} {peak:8.0f} {before:7.0f}  "
            f"{row['said']}{floor}",
            flush=True,
        )
        found.setdefault(name, []).append((count, row["seconds"]))
    for line in first_menus() if "three types" in names else ():
        print(line)
    for name, points in found.items():
        if len(points) >= FEWEST:
            print(f"{name}: seconds grow as types to the {exponent(points):.2f}")


if __name__ == "__main__":
    main()
