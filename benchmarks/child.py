"""One measurement in a process of its own: a server imports once and forks for every request.

`python -m benchmarks.child LIBRARY` reads requests, one line of JSON each, and answers each with a line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from benchmarks.cases import Array, Instance, case_named

GAP = 1e-6  # relative gap asked of the library
RUNS = 3  # of which the median is reported, as long as they are short
SHORT = 1.0  # seconds
BLOCK = 1 << 20  # entries of a block of the n x n product
OUT_OF_MEMORY = ("MemoryError", "memory allocation", "bad_alloc")  # in the words of Python, Rust and C++
COMPARED = 30_000  # types up to which all pairs of an answer are looked at in floating point

Measured = dict[str, Any]


def serve(library_name: str) -> None:
    """Answer requests until there are no more."""
    IMPORTS[library_name]()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def answer(case: str, size: int, method: str, limit: float, memory: float) -> Measured:
    """Measure in a fork, which is killed after `limit` seconds and may hold `memory` MB."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as complaints:
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.dup2(complaints.fileno(), 1)  # solvers print what they like
            os.dup2(complaints.fileno(), 2)
            report(writer, case, size, method, memory)
        os.close(writer)
        text, in_time = read_all(reader, time.monotonic() + limit)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not in_time:
            return {"status": "timeout", "seconds": None, "limit_seconds": limit}
        if text:
            return dict(json.loads(text))
        complaints.seek(0)
        said = complaints.read().decode(errors="replace")
        status = "memory" if any(word in said for word in OUT_OF_MEMORY) else "failed"
        return {"status": status, "seconds": None, "message": (said.strip().splitlines() or ["killed"])[-1][:300]}


def report(writer: int, case: str, size: int, method: str, memory: float) -> NoReturn:
    """In the fork: measure, write the answer, and end without cleaning up what belongs to the server."""
    try:
        limit_memory(memory)
        text = json.dumps(measured(case_named(case).instance(size), method))
        with os.fdopen(writer, "w") as stream:
            stream.write(text)
    except BaseException:  # noqa: BLE001 - whatever it is, the server reads it
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)


def read_all(reader: int, deadline: float) -> tuple[bytes, bool]:
    """Everything until the other side closes, and whether it did before the deadline."""
    parts: list[bytes] = []
    with os.fdopen(reader, "rb", buffering=0) as stream:
        while select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = stream.read(1 << 16)
            if not part:
                return b"".join(parts), True
            parts.append(part)
    return b"", False


def measured(instance: Instance, method: str) -> Measured:
    """Seconds (the median of short runs), the answer's quality and the peak memory of this process."""
    run = prepared(instance, method)
    before = peak_memory()
    seconds: list[float] = []
    while not seconds or (len(seconds) < RUNS and seconds[0] < SHORT):
        start = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - start)
    memory = peak_memory()  # before the answer is examined, which is not the method's work
    return {
        "seconds": float(np.median(seconds)),
        "runs": len(seconds),
        "memory_mb": round(memory, 1),
        "memory_before_mb": round(before, 1),
        **answer(),
    }


def prepared(instance: Instance, method: str) -> Callable[[], Callable[[], Measured]]:
    """A function to time; what it returns reports on the answer, afterwards."""
    if method == "library":
        return library(instance)
    if method in FLOORS:
        return floor(instance, FLOORS[method])
    return baseline(instance, method)


# ---- the library ----


def import_library() -> None:
    """Import it, and what it imports when first used."""
    for case, size in (("line", 2), ("rochet-chone", 4), ("policies", 2)):
        library(case_named(case).instance(size))()


def library(instance: Instance) -> Callable[[], Callable[[], Measured]]:
    """solve_menu from plain arrays: checks, solution, repair and certificate."""
    import contracts

    kind: dict[str, Any] = {"cost": contracts.Quadratic()} if instance.quadratic else {"domain": contracts.Box()}
    if instance.without_money is not None:
        values, temperature, default = instance.without_money
        kind = {
            "principal_values": values,
            "cost": contracts.Entropy(default, temperature),
            "domain": contracts.Simplex(),
            "outside_option": default,
            "transfers": "none",
        }

    def run() -> Callable[[], Measured]:
        menu = contracts.solve_menu(instance.valuations, instance.weights, gap=GAP, **kind)
        certificate = menu.certificate
        return lambda: {
            "status": "certified" if certificate.holds and certificate.is_exact else "not certified",
            "value": menu.value,
            "upper_bound": menu.upper_bound,
            "relative_gap": certificate.relative_gap,
            "rigorous": certificate.rigorous,
            "ic_violation": max(0.0, certificate.deviation.gain),
            "ir_violation": max(0.0, -certificate.participation_slack),
            "ic_violation_in_floats": worst_violation(instance.valuations, menu.allocation, menu.transfer),
            "engine": menu.engine,
            "options": len(menu.options.transfers),
            "settings": f"gap={GAP:g}",
        }

    return run


# ---- cvxpy ----


def import_cvxpy() -> None:
    """Import it with its solvers; no solver runs yet, for some start threads, and a fork would lose them."""
    import clarabel  # type: ignore[import-untyped]  # noqa: F401
    import cvxpy  # noqa: F401
    import highspy  # noqa: F401

    import benchmarks.baselines  # noqa: F401


def baseline(instance: Instance, method: str) -> Callable[[], Callable[[], Measured]]:
    """Build, compile and solve in cvxpy."""
    import cvxpy as cp

    from benchmarks.baselines import SOLVERS

    build, solver, settings = SOLVERS[method]
    warm = cp.Variable(nonneg=True)
    cp.Problem(cp.Minimize(warm)).solve(solver=solver, **settings)

    def run() -> Callable[[], Measured]:
        start = time.perf_counter()
        program = build(instance)
        built = time.perf_counter() - start
        program.problem.solve(solver=solver, **settings)
        stats = program.problem.solver_stats

        def report() -> Measured:
            found: Measured = {
                "status": program.problem.status,
                "engine": solver,
                "settings": ", ".join(f"{key}={value}" for key, value in settings.items()),
                "build_seconds": built,
                "compile_seconds": program.problem.compilation_time,
                "solver_seconds": stats.solve_time,
            }
            if program.utility.value is None:
                return found
            allocation, utility = np.asarray(program.allocation.value), np.asarray(program.utility.value)
            transfer = np.einsum("ij,ij->i", instance.valuations, allocation) - utility
            worst = worst_violation(instance.valuations, allocation, transfer)
            return {
                **found,
                "value": float(program.problem.value),
                "ic_violation": worst,
                "ic_violation_in_floats": worst,
                "ir_violation": float(max(0.0, np.max(instance.outside_utility - utility))),
            }

        return report

    return run


# ---- floors ----


def all_pairs(valuations: Array, allocation: Array, transfer: Array) -> Array:
    """What its best contract is worth to every type: one blocked product over all pairs with its row maximum."""
    rows = max(1, BLOCK // len(transfer))
    best = np.empty(len(valuations))
    for start in range(0, len(valuations), rows):
        worth = valuations[start : start + rows] @ allocation.T
        worth -= transfer
        best[start : start + rows] = worth.max(axis=1)
    return best


def worst_violation(valuations: Array, allocation: Array, transfer: Array) -> float | None:
    """Most that any type gains by another's contract, computed in floating point; None for too many types."""
    if len(valuations) > COMPARED:
        return None
    own = np.einsum("ij,ij->i", valuations, allocation) - transfer
    return float(np.max(all_pairs(valuations, allocation, transfer) - own, initial=0.0))


FLOORS: dict[str, Callable[[Array], object]] = {
    "all pairs": lambda types: all_pairs(types, types, 0.5 * np.einsum("ij,ij->i", types, types)),
    "sort": lambda types: np.sort(types[:, 0]),
    "stable argsort": lambda types: np.argsort(types[:, 0], kind="stable"),
}


def floor(instance: Instance, work: Callable[[Array], object]) -> Callable[[], Callable[[], Measured]]:
    """Work that any method must at least do, if it looks at its answer at all; types arrive in no order."""
    shuffled = np.random.default_rng(0).permutation(instance.valuations)

    def run() -> Callable[[], Measured]:
        work(shuffled)
        return lambda: {"status": "done", "engine": "NumPy"}

    return run


# ---- memory ----


def peak_memory() -> float:
    """Most resident memory this process ever had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def limit_memory(megabytes: float) -> None:
    """Refuse to grow beyond this, where the system can."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(megabytes * 2**20),) * 2)


IMPORTS = {"NumPy": lambda: None, "contracts": import_library, "cvxpy": import_cvxpy}

if __name__ == "__main__":
    serve(sys.argv[1])
