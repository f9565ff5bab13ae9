"""Search for wrong answers: `python -m benchmarks.fuzz --minutes 10`; `--case K` replays one."""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.fuzz.cases import FIRST, WIDE, Case, case
from benchmarks.fuzz.judge import FAILED, GRAVE, Outcome, Verdict
from benchmarks.fuzz.records import Record, append, numbers_to_do, read, record_of
from benchmarks.fuzz.report import show
from benchmarks.fuzz.trial import tried


def main() -> int:
    """1 if there is a wrong answer or a traceback, else 0."""
    options = arguments()
    console = Console()
    if options.case is not None:
        return replay(
            case(options.seed, options.case, options.generation), options.limit, console, shrinking=options.shrink
        )
    if options.report:
        records = read(options.out, options.seed, options.generation)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        records = run(options, console)
    show(records, console)
    return int(any(record["verdict"] in GRAVE for record in records))


def arguments() -> argparse.Namespace:
    """What the user asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="no new case after so long (10, without --cases)")
    parser.add_argument("--cases", type=int, help="the first so many cases of the seed")
    parser.add_argument("--seed", type=int, default=0, help="of all cases (0)")
    parser.add_argument(
        "--wide", action="store_true", help="cases of the second generation: participation, mimics, ..."
    )
    parser.add_argument("--workers", type=int, default=1, help="cases at a time (1)")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds of processor time for one answer (20)")
    parser.add_argument(
        "--out", type=Path, help="record, continued if it is there (out/fuzz/SEED.jsonl, SEED-wide.jsonl)"
    )
    parser.add_argument("--case", type=int, help="replay one case and print everything")
    parser.add_argument(
        "--shrink", action="store_true", help="with --case: look for a smaller problem that fails alike"
    )
    parser.add_argument("--report", action="store_true", help="only the tables of the record")
    options = parser.parse_args()
    options.generation = WIDE if options.wide else FIRST
    options.out = options.out or Path(f"out/fuzz/{options.seed}{'-wide' if options.wide else ''}.jsonl")
    return options


def run(options: argparse.Namespace, console: Console) -> list[Record]:
    """Try cases until the time or the cases are used up, or the user interrupts; every finished one is on record."""
    records = read(options.out, options.seed, options.generation)
    minutes = options.minutes or (math.inf if options.cases else 10.0)
    last, deadline = options.cases or math.inf, time.monotonic() + 60 * minutes
    todo = iter(numbers_to_do(list(records), last))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    pool = ThreadPoolExecutor(options.workers)
    running: set[Future[Record]] = set()
    try:
        with Progress(*columns, console=console) as progress:
            whole = options.cases if options.cases else 60 * minutes
            began, task = time.monotonic(), progress.add_task("", total=whole)
            while True:
                while len(running) < options.workers and time.monotonic() < deadline:
                    number = next(todo, None)
                    if number is None:
                        break
                    running.add(pool.submit(_record, case(options.seed, number, options.generation), options.limit))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    records.append(future.result())
                    append(options.out, records[-1])
                    _announce(records[-1], progress)
                failed = sum(record["verdict"] in FAILED for record in records)
                spent = len(records) if options.cases else time.monotonic() - began
                progress.update(task, completed=spent, description=f"{len(records)} cases, {failed} failed")
    except KeyboardInterrupt:
        console.print("interrupted: what was finished is kept")
    pool.shutdown(wait=False, cancel_futures=True)
    return records


def _record(chosen: Case, limit: float) -> Record:
    return record_of(chosen, *tried(chosen, limit))


def _announce(record: Record, progress: Progress) -> None:
    """A line for what must never happen."""
    if record["verdict"] in GRAVE:
        progress.console.print(f"case {record['case']}: {record['verdict']}: {record['detail']}", markup=False)


def replay(chosen: Case, limit: float, console: Console, *, shrinking: bool) -> int:
    """One case with everything there is to see."""
    from benchmarks.fuzz.build import code

    outcome, verdict = tried(chosen, limit)
    console.print(f"case {chosen.number}, seed {chosen.seed}: {chosen.family}, {chosen.n_types} types", markup=False)
    console.print(f"scale {chosen.scale}: money {chosen.money:.6g}, amounts {chosen.amount:.6g}", markup=False)
    print(code(chosen.fields))
    _print_outcome(outcome, verdict)
    if shrinking and verdict.verdict in FAILED:
        from benchmarks.fuzz.shrink import shrunk

        small = shrunk(chosen, verdict, limit, report=print)
        print(f"\nsmaller, with money {small.money:.6g} and amounts {small.amount:.6g}:\n{code(small.fields)}")
        _print_outcome(*tried(small, limit))
    return int(verdict.is_grave)


def _print_outcome(outcome: Outcome, verdict: Verdict) -> None:
    print(f"verdict: {verdict.verdict}  {verdict.detail}")
    print(f"library: {outcome.kind} {outcome.error} {outcome.message} ({outcome.seconds:.2f} s, {outcome.engine})")
    print(f"value {outcome.value!r}, bound {outcome.bound!r} (rigorous: {outcome.rigorous}), oracle {verdict.oracle!r}")
    if outcome.allocation is not None and outcome.transfer is not None:
        print(f"allocation {outcome.allocation.tolist()}\ntransfer {outcome.transfer.tolist()}")


if __name__ == "__main__":
    sys.exit(main())
