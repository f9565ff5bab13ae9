"""A study in pieces: what each computes is kept as JSON, and a piece that fails fails the study, not what is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.sweeps.cells import Row
from contracts.sweeps.run import run


class Piece(Protocol):
    """Part of a study; what it computes becomes plain JSON and is read back from there."""

    def compute(self) -> Any:
        """What it finds: a pure function of the piece."""
        ...

    def record(self, found: Any, /) -> Any:
        """What was found, as plain JSON."""
        ...

    def recall(self, record: Any, /) -> Any:
        """The inverse of `record`."""
        ...


@dataclass(frozen=True, eq=False)
class Study:
    """Pieces as cells of a sweep."""

    pieces: tuple[Piece, ...]

    def shown(self, cell: int) -> Row:
        """A piece in its own words."""
        return {"piece": str(self.pieces[cell])}

    def row(self, cell: int) -> Row:
        """What a piece found, as a text of JSON."""
        piece = self.pieces[cell]
        return {"found": json.dumps(piece.record(piece.compute()))}


def in_pieces(
    pieces: Sequence[Any],
    *,
    facts: Mapping[str, Any],
    folder: str | Path | None,
    n_workers: int,
    report: Callable[[str], None],
) -> list[Any]:
    """What every piece found, in their order: recalled where the folder holds it, computed and kept where not.

    Parameters
    ----------
    facts : what decides what is found, by name: the folder holds pieces of one such study
    folder : None to keep nothing

    Raises
    ------
    ProblemError
        If a piece failed: the others are kept, and it is tried again when this is called again.
    """
    study = Study(tuple(pieces))
    ran = run(
        study,
        len(pieces),
        facts=facts,
        folder=folder,
        n_workers=n_workers,
        retry=True,
        report=report,
        named=lambda cell: str(study.pieces[cell]),
    )
    rows = ran.rows()
    for row in rows:
        if row["error"] is not None:
            raise ProblemError(f"{row['piece']} failed: {row['error']}")
    return [piece.recall(json.loads(row["found"])) for piece, row in zip(pieces, rows, strict=True)]
