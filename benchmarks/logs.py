"""Counts a choice log against the engine's own group-by: `python -m benchmarks.logs --help`.

The log is made by DuckDB in a scratch folder. Every run is a process of its own with the same limit on the engine's
memory, the same folder for what exceeds it and the same number of threads; imports are not timed. Runs take turns, and
medians count.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.results import table
from contracts.inputs.files import write_text

SCHEMA = "menuwright/benchmark-of-logs/1"
ROOT = Path(__file__).parent.parent
MENUS, OPTIONS = 3, 5
BAD = 100_000  # one row in so many lacks its option, one its user, one names an option that is not on the menu
METHODS = {
    "library": "read_log: counts by user, menu and option, every cell checked, refusals counted",
    "raw table": "CREATE TEMP TABLE AS SELECT ... GROUP BY, the same counts unchecked",
    "raw": "SELECT count(*) FROM (SELECT ... GROUP BY), counts that are thrown away",
}
GROUPED = 'SELECT "user", menu, option, count(*) AS n FROM read_parquet({path}) GROUP BY ALL'


def main() -> None:
    """Make a log, count it in every way, print and save."""
    options = arguments()
    if options.child:
        print(json.dumps(measured(options.child, options.log, options.memory, options.scratch)))
        return
    rows = int(options.rows)
    users = int(options.users or rows // 100)
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="benchmark-logs-") as folder:
        path = Path(folder) / "log.parquet"
        generate(path, rows, users)
        print(
            f"{rows:,} rows, {users:,} users, {MENUS} menus of {OPTIONS} options; {path.stat().st_size / 2**20:,.0f} MB"
        )
        runs: dict[str, list[dict[str, Any]]] = {method: [] for method in METHODS}
        for _ in range(options.repeat):
            for method, found in runs.items():
                found.append(child(method, path, options.memory, folder))
                print(f"{method:10} {found[-1]['seconds']:8.2f} s {found[-1]['cpu_seconds']:8.2f} s of CPU", flush=True)
    check(runs, rows)
    record = {"schema": SCHEMA, "rows": rows, "users": users, "engine_memory": options.memory, "methods": summary(runs)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(options.out, json.dumps(record, indent=1) + "\n")
    print("\n" + report(record) + f"\n\nsaved {options.out}")


def arguments() -> argparse.Namespace:
    """What the user asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    parser.add_argument("--rows", type=float, default=1e7, help="rows of the log (1e7)")
    parser.add_argument("--users", type=float, help="different users (a hundredth of the rows)")
    parser.add_argument("--memory", default="4GB", help="memory of the engine (4GB)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each method (3)")
    parser.add_argument("--scratch", help="folder for the log and for what exceeds the memory")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks/logs.json"), help="file to write")
    parser.add_argument("--child", choices=tuple(METHODS), help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def generate(path: Path, rows: int, users: int) -> None:
    """A log in no order, the same every time; a few rows are corrupt."""
    import duckdb

    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        connection.execute(
            f"""COPY (SELECT
                CASE WHEN hash(i + 1) % {BAD} <> 0 THEN (hash(i) % {users})::BIGINT END AS "user",
                'menu ' || (hash(5 * i + 2) % {MENUS}) AS menu,
                CASE hash(i + 3) % {BAD} WHEN 0 THEN NULL WHEN 1 THEN {OPTIONS}
                    ELSE (hash(3 * i + 1) % {OPTIONS})::INTEGER END AS option
            FROM range({rows}) rows(i)) TO '{path}' (FORMAT parquet)"""
        )


def child(method: str, path: Path, memory: str, scratch: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.logs", "--child", method, "--log", str(path), "--memory", memory]
    done = subprocess.run([*command, "--scratch", scratch], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{method} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def measured(method: str, path: Path, memory: str, scratch: str) -> dict[str, Any]:
    """Seconds, seconds of CPU, peak memory of this process and what was found."""
    run = library(path, memory, scratch) if method == "library" else raw(method, path, memory, scratch)
    before, start, cpu = peak_megabytes(), time.perf_counter(), time.process_time()
    found = run()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "memory_mb": round(peak_megabytes()),
        "memory_before_mb": round(before),
        **found,
    }


def library(path: Path, memory: str, scratch: str) -> Callable[[], dict[str, Any]]:
    """read_log, after it has been used once on nothing much."""
    import pandas as pd

    from inference import read_log

    offered = {f"menu {menu}": OPTIONS for menu in range(MENUS)}
    read_log(pd.DataFrame({"user": [1], "menu": ["menu 0"], "option": [0]}), options=offered).close()

    def run() -> dict[str, Any]:
        log = read_log(path, options=offered, memory=memory, scratch=scratch)
        return {"rows_read": log.rows_read, "refused": {one.reason: one.rows for one in log.refused}}

    return run


def raw(method: str, path: Path, memory: str, scratch: str) -> Callable[[], dict[str, Any]]:
    """The engine alone, with the same settings."""
    import duckdb

    settings = {"memory_limit": memory, "temp_directory": scratch, "preserve_insertion_order": "false"}
    connection = duckdb.connect(config=settings)
    grouped = GROUPED.format(path=f"'{path}'")

    def run() -> dict[str, Any]:
        if method == "raw":
            connection.execute(f"SELECT count(*) FROM ({grouped})").fetchall()
            return {}
        connection.execute(f"CREATE TEMP TABLE counts AS {grouped}")
        return {}

    return run


def peak_megabytes() -> float:
    """Most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def check(runs: dict[str, list[dict[str, Any]]], rows: int) -> None:
    """Every row must have been read, and every corrupt one refused: one in BAD of each of three kinds, by chance."""
    for run in runs["library"]:
        if run["rows_read"] != rows:
            raise SystemExit(f"the library read {run['rows_read']:,} of {rows:,} rows")
        if len(run["refused"]) != 3 or any(
            abs(n - rows / BAD) > 6 * (rows / BAD) ** 0.5 for n in run["refused"].values()
        ):
            raise SystemExit(f"the library refused {run['refused']}; about {rows / BAD:,.0f} of each kind are corrupt")


def summary(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians by method, and the library's time over theirs."""
    medians = {
        method: {key: statistics.median(run[key] for run in found) for key in ("seconds", "cpu_seconds", "memory_mb")}
        for method, found in runs.items()
    }
    ours = medians["library"]
    return {
        method: {
            **median,
            "library_over_this": ours["seconds"] / median["seconds"],
            "library_over_this_cpu": ours["cpu_seconds"] / median["cpu_seconds"],
            "what": METHODS[method],
            "runs": runs[method],
        }
        for method, median in medians.items()
    }


def report(record: dict[str, Any]) -> str:
    """The medians as a table."""
    header = ["method", "seconds", "CPU seconds", "peak MB", "library / this", "of CPU"]
    lines = [
        [
            method,
            f"{row['seconds']:.2f}",
            f"{row['cpu_seconds']:.2f}",
            f"{row['memory_mb']:,.0f}",
            f"{row['library_over_this']:.2f}",
            f"{row['library_over_this_cpu']:.2f}",
        ]
        for method, row in record["methods"].items()
    ]
    return table(header, lines)


if __name__ == "__main__":
    main()
