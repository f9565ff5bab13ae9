"""Tables of a run: counts by verdict, rates of failure by class, and every kind of failure with a case to replay."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from operator import itemgetter

from rich.console import Console
from rich.table import Table

from benchmarks.fuzz.judge import BEYOND, FAILED, GRAVE, MISSED
from benchmarks.fuzz.records import Record

LONGEST = 150  # characters of a message
DEFINITION = (
    "beyond floats (not failures): types who value everything alike, or apart by 1e-12, must be exactly indifferent "
    "between the contracts that tell them apart; floats hold nearly no such contracts where one good counts, or two "
    "without money, of values with more than 26 binary digits, or more goods of decimals; and the menu in "
    "SolverError.reached is worth at least the best one that gives each group of them one contract"
)


def is_failure(record: Record) -> bool:
    """A problem that has a best menu, or where the answer is wrong whatever it has, without a right answer."""
    if record["verdict"] in (*GRAVE, "wrong value", "slow"):
        return True
    return record["verdict"] in FAILED and record["solvable"] is not False


def is_solvable(record: Record) -> bool:
    """Counted in rates: there is a best menu, or nobody showed that there is none and the library failed."""
    return record["solvable"] is True or is_failure(record)


def rate(records: Iterable[Record]) -> tuple[int, int]:
    """(failures, solvable problems)."""
    counted = [record for record in records if is_solvable(record)]
    return sum(map(is_failure, counted)), len(counted)


def kind_of(record: Record) -> str:
    """A failure without its numbers, to count its like."""
    words = re.sub(r"'[^']*'", "'..'", record["detail"])
    words = re.sub(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|\b(nan|inf)\b", "#", words)
    return f"{record['verdict']}: {words[:LONGEST]}"


def show(records: list[Record], console: Console) -> None:
    """Everything there is to say."""
    if not records:
        console.print("no cases")
        return
    console.print(_verdicts(records))
    for title, key in (("family", "family"), ("scale", "scale")):
        console.print(_rates(records, title, itemgetter(key)))
    console.print(_crossed(records))
    console.print(_kinds(records))
    core, everything = rate(r for r in records if r["core"]), rate(records)
    console.print(f"up to ten types, scales 1e-6..1e6: {core[0]} of {core[1]} solvable problems failed (must be 0)")
    beyond = [record for record in records if record["verdict"] == BEYOND]
    console.print(f"{len(beyond)} cases, {sum(record['core'] for record in beyond)} of them core, are {DEFINITION}")
    console.print(f"all: {everything[0]} of {everything[1]} ({_percent(*everything)}; must be below 1%)")


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else ""


def _verdicts(records: list[Record]) -> Table:
    table = Table("verdict", "cases", "core", title=f"{len(records)} cases")
    core = Counter(record["verdict"] for record in records if record["core"])
    for verdict, count in Counter(record["verdict"] for record in records).most_common():
        style = (
            "bold red"
            if verdict in GRAVE
            else "red"
            if verdict in FAILED
            else "yellow"
            if verdict in (*MISSED, BEYOND)
            else ""
        )
        table.add_row(verdict, str(count), str(core[verdict]), style=style)
    return table


def _rates(records: list[Record], title: str, key: Callable[[Record], str]) -> Table:
    table = Table(title, "solvable", "failed", "rate", "core failed", BEYOND)
    groups = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    for name, group in sorted(groups.items()):
        failed, whole = rate(group)
        core = rate(record for record in group if record["core"])
        beyond = sum(record["verdict"] == BEYOND for record in group)
        core_failed = f"{core[0]} of {core[1]}"
        table.add_row(name, str(whole), str(failed), _percent(failed, whole), core_failed, str(beyond or ""))
    return table


def _crossed(records: list[Record]) -> Table:
    scales = sorted({record["scale"] for record in records})
    table = Table("failed of solvable", *scales)
    for family in sorted({record["family"] for record in records}):
        cells = [rate(r for r in records if r["family"] == family and r["scale"] == scale) for scale in scales]
        table.add_row(family, *(f"{failed} of {whole}" for failed, whole in cells))
    return table


def _kinds(records: list[Record]) -> Table:
    table = Table("kind of failure", "cases", "core", "replay", title="--case K replays one")
    kinds = defaultdict(list)
    for record in records:
        if record["verdict"] in (*FAILED, *MISSED, BEYOND):
            kinds[kind_of(record)].append(record)
    for kind, group in sorted(kinds.items(), key=lambda item: -len(item[1])):
        core = [record for record in group if record["core"]]
        first = ", ".join(str(record["case"]) for record in sorted(core or group, key=lambda r: r["n_types"])[:3])
        table.add_row(kind, str(len(group)), str(len(core)), first)
    return table
