"""A reader that repeats readings made before: no network, no key, the same answer every time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from contracts.errors import ProblemError
from contracts.inputs.documents import parse_json
from contracts.inputs.door import checked
from contracts.inputs.files import read_text, write_text
from contracts.inputs.frozen import dataclass
from inference.language.utilities.groups import checked_text
from inference.language.utilities.reading import UtilityReading


@checked
@dataclass(frozen=True, eq=False)
class RecordedUtilityReader:
    """Reads texts that were read before.

    Parameters
    ----------
    readings : by text, each of one text

    Examples
    --------
    >>> from inference.language.utilities.offline import read_utilities
    >>> reading = read_utilities("Price before speed.", ["price", "speed"])
    >>> RecordedUtilityReader({"Price before speed.": reading}).read("Price before speed.") is reading
    True
    """

    readings: dict[str, UtilityReading]

    @classmethod
    def load(cls, path: str | Path) -> RecordedUtilityReader:
        """The readings of a file with one JSON document per line, as `save_utility_readings` writes it."""
        readings: dict[str, UtilityReading] = {}
        for number, line in enumerate(read_text(path).split("\n"), start=1):
            if not line.strip():
                continue
            try:
                found = UtilityReading.from_dict(parse_json(line))
            except (ValueError, KeyError, TypeError, AttributeError) as exc:
                raise ProblemError(
                    f"{path}, line {number} is not a reading ({exc}): write it by save_utility_readings"
                ) from exc
            readings |= {one.texts[0]: one for one in found}
        return cls(readings)

    def read(self, text: str) -> UtilityReading:
        """The recorded reading; raises ProblemError for a text without one."""
        text = checked_text(text)
        if text not in self.readings:
            raise ProblemError(f"no reading of {text[:80]!r} was recorded: record it first")
        return self.readings[text]


@checked
def save_utility_readings(readings: Iterable[UtilityReading], path: str | Path) -> None:
    """Write readings, one JSON document per line."""
    lines = [json.dumps(reading.to_dict(), allow_nan=False) for reading in readings]
    write_text(path, "\n".join([*lines, ""]))
