"""One case in processes of its own: the library's answer, killed when it takes too long, and the verdict on it."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import resource
import time
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from benchmarks.fuzz.cases import Case
from benchmarks.fuzz.judge import Outcome, Verdict, judged
from benchmarks.fuzz.tastes import kept_of, may_leave

PRELOADED = ["benchmarks.fuzz.trial", "benchmarks.fuzz.preloaded"]
WALL = 15.0  # times the limit of processor time after which a process is killed all the same: machines are shared
ORACLE_SECONDS = 60.0


def library(case: Case) -> Outcome:
    """The library's answer, in this process."""
    import contracts
    from benchmarks.fuzz.build import build

    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arguments = build(case.fields)
            menu = contracts.solve_menu(contracts.ScreeningProblem(**arguments))
    except contracts.ContractError as error:
        failed = Outcome("error", time.process_time() - began, type(error).__name__, _first_lines(str(error)))
        reached = getattr(error, "reached", None)
        return failed if reached is None else dataclasses.replace(failed, **_answer_of(case, reached))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{_first_lines(str(error))} [{os.path.basename(where.filename)}:{where.name}]"
        return Outcome("raw", time.process_time() - began, type(error).__name__, said)
    return Outcome("menu", time.process_time() - began, **_answer_of(case, menu))


def _answer_of(case: Case, menu: Any) -> dict[str, Any]:
    """A menu as plain data; with the chance of being left out, as it is held, as a last column where there is one."""
    allocation, (offered, prices) = np.array(menu.allocation), menu.options
    if may_leave(case.fields):
        left = np.zeros(len(offered))
        if menu.problem.program.excludes:
            held = menu.contracts.allocations
            offered, left = held[:, :-1], held[:, -1] / menu.problem.program.domain.total
        offered = np.column_stack([offered, left])
        kept = kept_of(case.fields)
        outside = np.append(kept * 0, 1.0) if menu.problem.program.excludes else np.append(kept, 0.0)
        allocation = np.vstack([offered, outside])[menu.option_of_type]
    return {
        "allocation": allocation,
        "transfer": np.array(menu.transfer),
        "offered": [(np.array(x), float(t)) for x, t in zip(offered, prices, strict=True)],
        "value": float(menu.value),
        "bound": float(menu.upper_bound),
        "rigorous": bool(menu.certificate.rigorous),
        "holds": bool(menu.certificate.holds),
        "engine": menu.engine,
    }


def _first_lines(message: str) -> str:
    """The first line, and the cause that some errors give on the next."""
    lines = message.splitlines() or [""]
    more = [line for line in lines[1:] if "gap is" in line or "fails" in line or "broken" in line]
    return " / ".join([lines[0], *more])[:400]


def tried(case: Case, seconds: float) -> tuple[Outcome, Verdict]:
    """Answer and verdict, each from a process that is killed when it takes too long."""
    outcome = in_process(library, (case,), seconds)
    if not isinstance(outcome, Outcome):
        outcome = Outcome("slow" if outcome == "slow" else "crash", seconds, error="killed", message=str(outcome))
    verdict = in_process(judged, (case, outcome), ORACLE_SECONDS)
    if not isinstance(verdict, Verdict):
        fallback = _unjudged(outcome)
        verdict = Verdict(fallback, f"the oracle failed ({verdict}); {outcome.error}: {outcome.message}")
    return outcome, verdict


def _unjudged(outcome: Outcome) -> str:
    grave = {"raw": "raw exception", "crash": "crash", "slow": "slow"}
    if outcome.kind == "error" and outcome.error == "SolverError":
        return "solver error"
    return grave.get(outcome.kind, "undecided")


def context() -> Any:
    """Processes are forked from a server that has imported everything and runs no threads."""
    found = multiprocessing.get_context("forkserver")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    found.set_forkserver_preload(PRELOADED)
    return found


def in_process(work: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
    """What a function returns, or a word on how its process ended."""
    processes = context()
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=_answer, args=(theirs, work, arguments, seconds), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(WALL * seconds + 10.0):
            return "slow"
        return ours.recv()
    except EOFError:
        process.join()
        return "slow" if process.exitcode in (-24, -9) else f"exit code {process.exitcode}"  # SIGXCPU
    finally:
        if process.is_alive():
            process.kill()
        process.join()
        ours.close()


def _answer(pipe: Connection, work: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> None:
    """In the process: work, answer, end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    try:
        answer = work(*arguments)
    except Exception as error:  # noqa: BLE001 - the oracle's own faults are words in the record
        answer = f"{type(error).__name__}: {_first_lines(str(error))}"
    pipe.send(answer)
    pipe.close()
