"""A reader that repeats readings made before: no network, no key, the same answer every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from contracts.errors import ProblemError
from contracts.inputs.documents import parse_json
from contracts.inputs.door import checked
from contracts.inputs.files import read_text, write_text
from contracts.inputs.frozen import dataclass
from inference.language.offline import checked_text
from inference.language.reading import PolicyReading, UnreadablePolicyError

Reading = TypeVar("Reading")


@checked
@dataclass(frozen=True, eq=False)
class RecordedReader:
    """Reads policies that were read before.

    Parameters
    ----------
    readings : by text

    Examples
    --------
    >>> from inference.language.offline import read_policy
    >>> reader = RecordedReader({"Be fair": read_policy("Be fair")})
    >>> reader.read("Be fair") == read_policy("Be fair")
    True
    """

    readings: dict[str, PolicyReading]

    @classmethod
    def load(cls, path: str | Path) -> RecordedReader:
        """The readings of a file with one JSON document per line, as `save_readings` writes it."""
        found = recorded_lines(path, PolicyReading.from_dict, "save_readings")
        return cls({reading.text: reading for reading in found})

    def read(self, text: str) -> PolicyReading:
        """The recorded reading; raises UnreadablePolicyError for a text without one, or that was not readable."""
        text = checked_text(text)
        reading = self.readings.get(text)
        if reading is None:
            raise UnreadablePolicyError(f"no reading of {text[:80]!r} was recorded: record it first", text[:80])
        if reading.abstained:
            raise UnreadablePolicyError(f"{reading.reader} could not read {text[:80]!r}", text[:80])
        return reading


@checked
def save_readings(readings: Iterable[PolicyReading], path: str | Path) -> None:
    """Write readings, one JSON document per line.

    Examples
    --------
    >>> import tempfile
    >>> from inference.language import RecordedReader, read_policies
    >>> texts = ["Offer half of everything to others.", "Keep everything."]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_readings(read_policies(texts), Path(folder) / "readings.jsonl")
    ...     again = RecordedReader.load(Path(folder) / "readings.jsonl")
    >>> [round(again.read(text).share_offered, 2) for text in texts]
    [0.5, 0.0]
    """
    write_lines(path, readings)


def recorded_lines(path: str | Path, made: Callable[[Any], Reading], writer: str) -> Iterator[Reading]:
    """What is made of every JSON document of a file with one a line; `writer` is what writes such files."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield made(parse_json(line))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise ProblemError(f"{path}, line {number} is not a reading ({exc}): write it by {writer}") from exc


def write_lines(path: str | Path, readings: Iterable[Any]) -> None:
    """Readings as one JSON document per line."""
    lines = [json.dumps(reading.to_dict(), allow_nan=False) for reading in readings]
    write_text(path, "\n".join([*lines, ""]))
