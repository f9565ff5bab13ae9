"""Ratios, growth exponents and tables from the rows that were measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.cases import CASES, case_named
from benchmarks.schedule import floor_of

Row = dict[str, Any]

FITTED = 4  # sizes, the largest of a method, through which its growth is fitted
FEWEST = 3
COLUMNS = (
    "case",
    "n",
    "method",
    "time / library",
    "time / floor",
    "seconds",
    "peak MB",
    "value",
    "off",
    "gap",
    "worst IC",
    "engine",
    "options",
)


def with_ratios(rows: Sequence[Row]) -> list[Row]:
    """Rows with their time relative to the library and to the floor, and their value relative to the library's bound.

    `value_off` is relative: positive where a claimed value exceeds what is proven to be possible, negative where it
    falls short of what the library reached, zero in between.
    """
    found = {(row["case"], row["n_types"], row["method"]): row for row in rows}
    completed = []
    for row in rows:
        ours = found.get((row["case"], row["n_types"], "library"), {})
        least = floor_of(case_named(row["case"]))
        bare = found.get((row["case"], row["n_types"], least), {})
        completed.append(
            {
                **row,
                "ratio_to_library": ratio(row.get("seconds"), ours.get("seconds")),
                "ratio_to_floor": ratio(row.get("seconds"), bare.get("seconds")),
                "floor": least,
                "value_off": value_off(row.get("value"), ours.get("value"), ours.get("upper_bound")),
            }
        )
    return completed


def ratio(seconds: float | None, reference: float | None) -> float | None:
    """One time over another, if both were measured."""
    return seconds / reference if seconds is not None and reference else None


def value_off(claimed: float | None, value: float | None, bound: float | None) -> float | None:
    """How far a claimed value lies outside [value, bound], relative to the value."""
    if claimed is None or value is None or bound is None:
        return None
    return (max(0.0, claimed - bound) - max(0.0, value - claimed)) / max(abs(value), 1e-300)


def growth(rows: Sequence[Row]) -> list[Row]:
    """Exponent p of time ~ n^p by least squares on logarithms, over the largest sizes of every case and method."""
    fits = []
    for case in CASES:
        own = [row for row in rows if row["case"] == case.name and row.get("seconds")]
        for method in dict.fromkeys(row["method"] for row in own):
            points = [(row["n_types"], row["seconds"]) for row in own if row["method"] == method]
            points = sorted(points)[-FITTED:]
            if len(points) < FEWEST:
                continue
            fits.append(
                {
                    "case": case.name,
                    "method": method,
                    "exponent": exponent(points),
                    "from_types": points[0][0],
                    "to_types": points[-1][0],
                    "largest_seconds": points[-1][1],
                }
            )
    return fits


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Slope of log y on log x.

    Examples
    --------
    >>> exponent([(1, 3.0), (2, 12.0), (4, 48.0)])
    2.0
    """
    x, y = [math.log(point[0]) for point in points], [math.log(point[1]) for point in points]
    middle_x, middle_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    along = math.fsum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return along / math.fsum((a - middle_x) ** 2 for a in x)


# ---- Markdown ----


def cells(row: Row) -> list[str]:
    """A row as text, ratios first."""
    seconds = row.get("seconds")
    time = _number(seconds, ".3g") if seconds is not None else _why(row)
    options = row.get("options")
    return [
        row["case"],
        f"{row['n_types']:,}",
        row["method"],
        _number(row.get("ratio_to_library"), ".3g"),
        _number(row.get("ratio_to_floor"), ".3g"),
        time,
        _number(row.get("memory_mb"), ".0f"),
        _number(row.get("value"), ".9f"),
        _number(row.get("value_off"), ".0e"),
        _number(row.get("relative_gap"), ".0e"),
        _number(row.get("ic_violation"), ".0e"),
        row.get("engine", "") + (" (inaccurate)" if row["status"] == "optimal_inaccurate" else ""),
        f"{options:,}" if options is not None else "",
    ]


def _why(row: Row) -> str:
    if row["status"] == "timeout":
        return f"> {row['limit_seconds']:.0f}"
    return "out of memory" if row["status"] == "memory" else str(row["status"])


def _number(value: float | None, form: str) -> str:
    if value is None:
        return ""
    return "0" if value == 0 else format(value, form)


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up as plain text too."""
    widths = [max(len(line[k]) for line in [header, *lines]) for k in range(len(header))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in [header, rule, *lines]
    )


def markdown(record: Row) -> str:
    """The whole of results.md."""
    parts = ["# Benchmarks", "", "Columns are explained in benchmarks/README.md.", ""]
    for key, value in {"budget": f"{record['budget_seconds']:g} s", **record["machine"]}.items():
        parts.append(f"- {key.replace('_', ' ')}: {value}")
    parts += [
        "",
        "## Growth",
        "",
        "Time as a power of the number of types, over the largest sizes a method reached.",
        "",
    ]
    fits = [
        [
            fit["case"],
            fit["method"],
            f"{fit['exponent']:.2f}",
            f"{fit['from_types']:,} to {fit['to_types']:,}",
            _number(fit["largest_seconds"], ".3g"),
        ]
        for fit in record["growth"]
    ]
    parts.append(table(["case", "method", "exponent", "types", "seconds at the last"], fits))
    for case in CASES:
        own = [row for row in record["rows"] if row["case"] == case.name]
        if own:
            lines = [cells(row) for row in sorted(own, key=lambda row: row["n_types"])]
            parts += ["", f"## {case.name}: {case.title}", "", table(COLUMNS, lines)]
    return "\n".join(parts) + "\n"
