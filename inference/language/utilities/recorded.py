"""A reader that repeats readings made before: no network, no key, the same answer every time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.recorded import recorded_lines, write_lines
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
        found = recorded_lines(path, UtilityReading.from_dict, "save_utility_readings")
        return cls({one.texts[0]: one for reading in found for one in reading})

    def read(self, text: str) -> UtilityReading:
        """The recorded reading; raises ProblemError for a text without one."""
        text = checked_text(text)
        if text not in self.readings:
            raise ProblemError(f"no reading of {text[:80]!r} was recorded: record it first")
        return self.readings[text]


@checked
def save_utility_readings(readings: Iterable[UtilityReading], path: str | Path) -> None:
    """Write readings, one JSON document per line.

    Examples
    --------
    >>> import tempfile
    >>> from inference import read_utilities
    >>> text = "Price matters twice as much as speed."
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_utility_readings([read_utilities([text], ["price", "speed"])], Path(folder) / "readings.jsonl")
    ...     again = RecordedUtilityReader.load(Path(folder) / "readings.jsonl")
    >>> again.read(text).weights.round(2)
    array([[0.66, 0.34]])
    """
    write_lines(path, readings)
