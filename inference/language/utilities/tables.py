"""How a reading looks in print."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.display.table import Column, Table, names

LONGEST_PHRASES = 60  # letters


def reading_table(reading: Any) -> Table:
    """A row per text and attribute, lines that are not crossed and what was not read below."""
    rows = [(k, a) for k in range(len(reading)) for a in range(len(reading.attributes))]
    low_high = reading.interval(0.9) if rows else np.zeros((0, 0, 2))
    phrases = [
        " | ".join(dict.fromkeys(s.phrase for s in reading.statements[k] if reading.attributes[a] in s.attributes))
        for k, a in rows
    ]
    columns = [
        names("attribute", [reading.attributes[a] for _, a in rows]),
        Column("weight", [float(reading.weights[k, a]) for k, a in rows], ".2f"),
        Column("sd", [float(reading.standard_deviations[k, a]) for k, a in rows], ".2f"),
        Column("low", [float(low_high[k, a, 0]) for k, a in rows], ".2f", "5 %"),
        Column("high", [float(low_high[k, a, 1]) for k, a in rows], ".2f", "95 %"),
        names(
            "phrases",
            [
                _short(p) or ("(follows)" if reading.read[k, a] else "(nothing said)")
                for p, (k, a) in zip(phrases, rows, strict=True)
            ],
        ),
    ]
    if len(reading) > 1 or reading.labels != ("0",):
        columns.insert(0, names("text", [reading.labels[k] for k, _ in rows]))
    notes = []
    for k in range(len(reading)):
        where = f"{reading.labels[k]}: " if len(reading) > 1 else ""
        notes += [
            f"{where}{s.kind}: {s.says}"
            for s in reading.statements[k]
            if s.kind in ("veto", "floor", "ceiling", "need")
        ]
        notes += [f"{where}not read: {_short(one)!r}" for one in reading.unread[k]]
    return Table(columns, f"Weights of {len(reading.attributes)} attributes by {reading.reader}", notes)


def _short(phrase: str) -> str:
    phrase = " ".join(phrase.split())
    return phrase if len(phrase) <= LONGEST_PHRASES else f"{phrase[: LONGEST_PHRASES - 3]}..."
