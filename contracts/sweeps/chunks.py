"""Which cells are run together next: chunks of about a quarter of a second, by how long those before them took."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from contracts.sweeps.cells import Found

SECONDS = 0.25  # of a chunk: far above what handing it over costs, far below what it would be a pity to lose
GROWTH = 4  # a chunk is at most so many times as large as the largest before it: the first cells may be quick ones
LARGEST = 10_000  # cells of a chunk
DEATHS = 3  # workers that one cell may take with it


class Chunk(NamedTuple):
    """Cells that are run together, and how many workers have died over them."""

    cells: tuple[int, ...]
    deaths: int = 0


class Chunks:
    """Hands chunks out, one at a time, and hears of each how it went.

    Examples
    --------
    >>> chunks = Chunks(range(1000), 1000)
    >>> first = chunks.following()
    >>> chunks.took(len(first.cells), 0.01)
    >>> len(first.cells), len(chunks.following().cells)
    (1, 4)
    """

    def __init__(self, cells: Iterable[int], n_cells: int) -> None:
        self.seconds = SECONDS
        self.size = 1
        self.n_left = n_cells
        self.per_cell: float | None = None  # seconds, later cells counting more
        self._cells = iter(cells)
        self._again: deque[Chunk] = deque()

    def following(self) -> Chunk | None:
        """The chunk that is to be run next; None if all are handed out."""
        if self._again:
            return self._again.popleft()
        cells = tuple(islice(self._cells, self.size))
        return Chunk(cells) if cells else None

    def took(self, n_cells: int, seconds: float) -> None:
        """Hear how long a chunk took."""
        self.n_left -= n_cells
        each = max(seconds / n_cells, 1e-9)
        self.per_cell = each if self.per_cell is None else (self.per_cell + each) / 2
        self.size = int(max(1, min(self.seconds / self.per_cell, GROWTH * self.size, LARGEST)))

    def again(self, chunk: Chunk) -> None:
        """Hear that a chunk was not begun, or was lost through no fault of its cells."""
        self._again.append(chunk)

    def died(self, chunk: Chunk, how: str) -> list[Found]:
        """Hear that a worker died over a chunk: it is run again in halves; a cell that is deadly, alone, has failed."""
        cells, middle = chunk.cells, len(chunk.cells) // 2
        if middle:
            self._again += [Chunk(cells[:middle]), Chunk(cells[middle:])]
            return []
        if chunk.deaths + 1 < DEATHS:
            self._again.append(Chunk(cells, chunk.deaths + 1))
            return []
        self.n_left -= 1
        return [Found(cells[0], {}, f"{DEATHS} workers died in this cell, the last {how}")]

    @property
    def are_short(self) -> bool:
        """Whether a worker should have the next chunk at hand before it has finished one."""
        return self.per_cell is not None and self.per_cell * self.size < 2 * self.seconds

    @property
    def seconds_left(self) -> float:
        """Of one worker's time, as far as is known."""
        return (self.per_cell or 0.0) * self.n_left
