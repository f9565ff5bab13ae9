"""Times the library against the plain formulation: `make bench` or `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, SEED
from benchmarks.picture import draw
from benchmarks.results import COLUMNS, cells, growth, markdown, table, with_ratios
from benchmarks.schedule import children, measurements
from contracts.inputs.files import write_text

SCHEMA = "menuwright/benchmarks/1"
QUICK_CASES = ("rochet-chone", "auction", "line", "policies")
QUICK_BUDGET, QUICK_TYPES = 30.0, 50
WIDTHS = (16, 9, 14, 14, 12, 9, 7, 13, 7, 6, 8, 9, 7)
PACKAGES = ("menuwright", "numpy", "scipy", "cvxpy", "clarabel", "highspy")


def main() -> None:
    """Measure, print and save."""
    options = arguments()
    names = options.cases.split(",") if options.cases else (QUICK_CASES if options.quick else [c.name for c in CASES])
    cases = [case for case in CASES if case.name in names]
    budget = options.budget or (QUICK_BUDGET if options.quick else 600.0)
    largest = options.max_types or (QUICK_TYPES if options.quick else 10**9)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "seed": SEED,
        "budget_seconds": budget,
        "machine": machine(),
        "rows": [],
        "growth": [],
    }
    options.out.mkdir(parents=True, exist_ok=True)
    print(line(COLUMNS), flush=True)
    start = time.monotonic()
    try:
        with children(options.memory * 2**10) as run:
            for row in measurements(cases, budget, run, largest=largest):
                record["rows"] = with_ratios([*record["rows"], row])
                print(line(cells(record["rows"][-1])), flush=True)
                write_text(options.out / "results.json", json.dumps(record, indent=1) + "\n")
    except KeyboardInterrupt:
        print("\ninterrupted: what was measured is kept")
    record["elapsed_seconds"] = time.monotonic() - start
    record["growth"] = growth(record["rows"])
    write_text(options.out / "results.json", json.dumps(record, indent=1) + "\n")
    write_text(options.out / "results.md", markdown(record))
    draw(record["rows"], [options.out / "growth.png", options.out / "growth.svg"])
    print("\n" + summary(record))
    print(f"\n{record['elapsed_seconds']:.0f} s; results.json, results.md, growth.png and growth.svg in {options.out}")


def arguments() -> argparse.Namespace:
    """What the user asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("--budget", type=float, help="seconds for everything (600)")
    parser.add_argument("--cases", type=known_cases, help=f"comma-separated, of {names} (all)")
    parser.add_argument("--max-types", type=int, help="no instance beyond this many types")
    parser.add_argument("--memory", type=float, default=half_of_memory(), help="GB that one run may use (half of all)")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder to write to (out/benchmarks)")
    parser.add_argument("--quick", action="store_true", help="under a minute: few cases, small sizes")
    return parser.parse_args()


def known_cases(text: str) -> str:
    """The names of cases, refused where there is no such case."""
    known = [case.name for case in CASES]
    for name in text.split(","):
        if name not in known:
            raise argparse.ArgumentTypeError(f"no case {name!r}: use {', '.join(known)}")
    return text


def half_of_memory() -> float:
    """Half of the machine's memory, in GB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**31


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "threads_per_run": 1,
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def line(parts: list[str] | tuple[str, ...]) -> str:
    """One line of progress."""
    return "  ".join(part.ljust(width) for part, width in zip(parts, WIDTHS, strict=True)).rstrip()


def summary(record: dict[str, Any]) -> str:
    """Per case and method: the largest size it solved, how it compares with the library there, and how time grows."""
    exponents = {(fit["case"], fit["method"]): f"{fit['exponent']:.2f}" for fit in record["growth"]}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for row in record["rows"]:
        if row.get("seconds") is not None:
            last[row["case"], row["method"]] = row
    lines = []
    for (case, method), row in last.items():
        times = row["ratio_to_library"]
        lines.append(
            [
                case,
                method,
                f"{row['n_types']:,}",
                f"{row['seconds']:.3g}",
                f"{times:.3g}" if times else "",
                exponents.get((case, method), ""),
            ]
        )
    return table(["case", "method", "largest n", "seconds", "time / library there", "growth exponent"], lines)


if __name__ == "__main__":
    main()
