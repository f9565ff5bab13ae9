"""A linear program that looks the same from several sides, folded: columns and rows that are alike become one.

Colour columns by cost and limits, and rows by limits; then, as long as that tells more apart, by the entries that a row
has in columns of each colour, and a column in rows of each colour. The colours that are left are an equitable
partition: every row of a colour has the same entries in a colour of columns, and the other way round. So if a point is
feasible, the one with the mean of its colour in every column is feasible, too, and worth the same: a program with a
column and a row per colour loses nothing (Grohe, Kersting, Mladenov & Schweitzer 2014). Permutations of like agents,
and of goods and types that go with them, are the case at hand: averaging over them is a mean over colours.

Its prices, shared among the rows of a colour, are prices of the whole program; so nothing need be believed: whoever
checks the whole program's point and prices has checked the folding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.numerics.basis import Index, LinearProgram, Vertex
from contracts.numerics.exact_solve import Sparse, Whole
from contracts.numerics.vertex import Ended, best_vertex

SEED = 20140101  # of the numbers that stand for colours
MODULUS = (1 << 61) - 1


class Folded(NamedTuple):
    """A smaller program, and the colour of every column and row of the whole one."""

    program: LinearProgram
    columns: Index
    rows: Index

    def unfolded(self, vertex: Vertex) -> Vertex:
        """The best point of the whole program with its prices."""
        counts = np.bincount(self.rows)
        common = math.lcm(*counts.tolist())
        shares = np.array([common // one for one in counts.tolist()], dtype=object)
        prices = (vertex.prices * shares)[self.rows]
        return Vertex(vertex.x[self.columns], vertex.unit, prices, vertex.price_unit * common)


def best_point(program: LinearProgram) -> Vertex | Ended:
    """The best point of a program, alike in all columns that are alike, with its prices; or how the search ended.

    Raises
    ------
    SolverError
        As `best_vertex`, of the folded program.
    """
    smaller = folded(program)
    if smaller is None:
        return best_vertex(program)
    found = best_vertex(smaller.program)
    return found if isinstance(found, Ended) else smaller.unfolded(found)


def folded(program: LinearProgram) -> Folded | None:
    """The program folded; None if no two columns are alike.

    Examples
    --------
    Two columns that only their number tells apart:

    >>> rows = Sparse(np.array([1, 1], dtype=object), np.array([0, 1]), np.array([0, 2]), 2)
    >>> one, none, much = (np.array(v, dtype=object) for v in ([1, 1], [0, 0], [np.inf, np.inf]))
    >>> found = folded(LinearProgram(one, rows, np.array([-np.inf], dtype=object), one[:1], none, much))
    >>> found.program.cost, found.columns
    (array([2], dtype=object), array([0, 0]))
    """
    rows, n_columns = program.rows, len(program.cost)
    row = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
    entries = (rows.data % MODULUS).astype(np.int64)
    _, entry = np.unique(entries, return_inverse=True)
    columns = _numbered(program.cost, program.least, program.most)
    sides = _numbered(program.low, program.high)
    rng = np.random.default_rng(SEED)
    entry_codes = _codes(rng, int(entry.max(initial=0)) + 1)[entry]
    while True:
        before = columns.max(initial=-1), sides.max(initial=-1)
        sides = _refined(sides, row, entry_codes * _codes(rng, before[0] + 1)[columns[rows.indices]])
        columns = _refined(columns, rows.indices, entry_codes * _codes(rng, int(sides.max(initial=-1)) + 1)[sides[row]])
        if (columns.max(initial=-1), sides.max(initial=-1)) == before:
            break
    if columns.max(initial=-1) + 1 == n_columns:
        return None
    return Folded(_smaller(program, columns, sides), columns, sides)


def _codes(rng: np.random.Generator, count: int) -> NDArray[np.uint64]:
    """Random odd numbers that stand for colours: sums of their products tell multisets apart."""
    return rng.integers(0, 1 << 63, size=max(count, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _numbered(*keys: Whole) -> Index:
    """A number for every combination of keys."""
    known: dict[tuple[object, ...], int] = {}
    return np.array([known.setdefault(key, len(known)) for key in zip(*(k.tolist() for k in keys), strict=True)],
                    dtype=np.intp)  # fmt: skip


def _refined(colours: Index, place: Index, codes: NDArray[np.uint64]) -> Index:
    """Colours told apart by the sums of codes at each place, modulo 2^64."""
    sums = np.zeros(len(colours), dtype=np.uint64)
    np.add.at(sums, place, codes)
    order = np.lexsort((sums, colours))
    is_new = (np.diff(colours[order], prepend=-1) != 0) | (np.diff(sums[order], prepend=np.uint64(0)) != 0)
    found = np.empty(len(colours), dtype=np.intp)
    found[order] = np.cumsum(is_new) - 1
    return found


def _smaller(program: LinearProgram, columns: Index, sides: Index) -> LinearProgram:
    """A row of each colour, with entries summed by colours of columns, and the sum of costs."""
    n_columns = int(columns.max()) + 1
    cost = np.zeros(n_columns, dtype=object)
    np.add.at(cost, columns, program.cost)
    first_row, first_column = (np.unique(colours, return_index=True)[1] for colours in (sides, columns))
    kept = program.rows.part(first_row, np.arange(program.rows.n_columns))
    row = np.repeat(np.arange(len(first_row)), np.diff(kept.indptr))
    keys, where = np.unique(row * n_columns + columns[kept.indices], return_inverse=True)
    data = np.zeros(len(keys), dtype=object)
    np.add.at(data, where.ravel(), kept.data)
    keys, data = keys[data != 0], data[data != 0]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(keys // n_columns, minlength=len(first_row)))]).astype(np.intp)
    matrix = Sparse(data, (keys % n_columns).astype(np.intp), indptr, n_columns)
    return LinearProgram(
        cost, matrix, program.low[first_row], program.high[first_row], program.least[first_column],
        program.most[first_column],
    )  # fmt: skip
