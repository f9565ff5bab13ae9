"""The record of a run, one line of JSON per case: appended as a whole, read back after an interrupt."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.fuzz.cases import FIRST, Case
from benchmarks.fuzz.judge import Outcome, Verdict

Record = dict[str, Any]


def record_of(case: Case, outcome: Outcome, verdict: Verdict) -> Record:
    """What is kept of a case; the problem itself follows from seed and number."""
    return {
        "seed": case.seed,
        "case": case.number,
        "generation": case.generation,
        "family": case.family,
        "scale": case.scale,
        "n_types": case.n_types,
        "core": case.is_core,
        "verdict": verdict.verdict,
        "detail": verdict.detail,
        "solvable": verdict.solvable,
        "seconds": round(outcome.seconds, 3),
        "engine": outcome.engine,
        "value": _finite(outcome.value),
        "bound": _finite(outcome.bound),
        "oracle": _finite(verdict.oracle),
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def read(path: Path, seed: int, generation: str = FIRST) -> list[Record]:
    """The records of a seed and a generation of cases; a last line that was cut off is removed from the file."""
    if not path.exists():
        return []
    whole = path.read_bytes()
    kept = whole[: whole.rfind(b"\n") + 1]
    if kept != whole:
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.write_bytes(kept)
        partial.replace(path)
    records = [json.loads(line) for line in kept.splitlines()]
    others = {record["seed"] for record in records} - {seed}
    if others:
        raise SystemExit(f"{path} holds cases of seed {min(others)}, not {seed}: give another --out, or that --seed")
    if any(record.get("generation", FIRST) != generation for record in records):
        other = "--wide" if generation == FIRST else "no --wide"
        raise SystemExit(f"{path} holds cases of another generation: give another --out, or {other}")
    return records


def append(path: Path, record: Record) -> None:
    """Add one line by one write."""
    with path.open("ab", buffering=0) as stream:
        stream.write((json.dumps(record) + "\n").encode())


def numbers_to_do(done: Iterable[Record], last: float) -> Iterable[int]:
    """Case numbers below `last` that have no record."""
    finished, number = {record["case"] for record in done}, 0
    while number < last:
        if number not in finished:
            yield number
        number += 1
