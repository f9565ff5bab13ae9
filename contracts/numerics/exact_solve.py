"""Square systems of whole numbers, solved without rounding: floats guess digits, whole numbers keep what is left.

M x = r is factored once, in floats. Every round solves for what is left of r, rounds the answer to a whole number of
small units, subtracts M times that without rounding, and goes on with what remains in units 2^bits smaller: digits
come in at a constant rate and none is ever wrong by more than the last (Wan 2006). Once enough are there, the fractions
behind them are found by Euclid's algorithm, mostly with one denominator for all. That M x = r holds is checked in whole
numbers, so that nothing rests on the floats.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.object_]  # of Python's whole numbers

GAINED = (30, 20, 10)  # binary digits of a round; fewer where the factors are worse
LOST = 2.0**16  # units that a round may miss before fewer digits a round are tried
FIRST_DIGITS = 90  # after which fractions are looked for
MOST_DIGITS = 100_000  # some 800 equations between floats that nobody rounded
GUARD = 12  # digits that do not count


class Sparse(NamedTuple):
    """A sparse matrix of whole numbers, row by row."""

    data: Whole
    indices: NDArray[np.intp]
    indptr: NDArray[np.intp]
    n_columns: int

    @property
    def n_rows(self) -> int:
        return len(self.indptr) - 1

    def times(self, x: Whole) -> Whole:
        """The matrix times a column, without rounding."""
        return row_sums(self.data * x[self.indices], self.indptr)

    def transposed(self) -> Sparse:
        """Columns as rows."""
        rows = np.repeat(np.arange(self.n_rows), np.diff(self.indptr))
        order = np.argsort(self.indices, kind="stable")
        counts = np.bincount(self.indices, minlength=self.n_columns)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        return Sparse(self.data[order], rows[order].astype(np.intp), indptr, self.n_rows)

    def part(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Sparse:
        """Some rows and columns, in the order given."""
        place = np.full(self.n_columns, -1, dtype=np.intp)
        place[columns] = np.arange(len(columns))
        starts, counts = self.indptr[rows], np.diff(self.indptr)[rows]
        row = np.repeat(np.arange(len(rows)), counts)
        entries = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
        column = place[self.indices[entries]]
        kept = column >= 0
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(rows)))]).astype(np.intp)
        return Sparse(self.data[entries[kept]], column[kept], indptr, len(columns))


def row_sums(values: Whole, indptr: NDArray[np.intp]) -> Whole:
    """Sums of consecutive entries; 0 where a row has none."""
    sums = np.zeros(len(indptr) - 1, dtype=object)
    full = np.flatnonzero(np.diff(indptr) > 0)
    if len(full):
        sums[full] = np.add.reduceat(values, indptr[:-1][full])
    return sums


def sizes(values: Whole) -> NDArray[np.int64]:
    """Binary digits of every number; (n,)."""
    with suppress(OverflowError):
        parts, digits = np.frexp(values.astype(np.float64))
        for k in np.flatnonzero(np.abs(parts) == 0.5).tolist():  # which may have been rounded up to a power of two
            digits[k] = int(values[k]).bit_length()
        return digits.astype(np.int64)
    return np.array([int(value).bit_length() for value in values.tolist()], dtype=np.int64)


def as_floats(values: Whole, digits: NDArray[np.int64]) -> NDArray[np.float64]:
    """values / 2**digits, however large both are."""
    with suppress(OverflowError):
        return np.asarray(np.ldexp(values.astype(np.float64), -digits))
    pairs = zip(values.tolist(), digits.tolist(), strict=True)
    return np.array([value / (1 << d) if d >= 0 else float(value << -d) for value, d in pairs], dtype=np.float64)


class Factored:
    """Float factors of a square matrix of whole numbers, with rows and columns in units of powers of two."""

    def __init__(self, matrix: Sparse) -> None:
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        count = matrix.n_rows
        row = np.repeat(np.arange(count), np.diff(matrix.indptr))
        digits = sizes(matrix.data)
        self.row_digits = np.zeros(count, dtype=np.int64)
        np.maximum.at(self.row_digits, row, digits)
        data = as_floats(matrix.data, self.row_digits[row])
        column = np.full(count, -1100, dtype=np.int64)
        np.maximum.at(column, matrix.indices, np.frexp(data)[1].astype(np.int64))
        self.column_digits = np.where(column > -1100, column, 0)
        scaled = np.ldexp(data, -self.column_digits[matrix.indices])
        self._lu: Any = splu(csc_array((scaled, (row, matrix.indices)), shape=(count, count)))

    def solve(self, right: Whole, *, transposed: bool = False) -> NDArray[np.float64]:
        """Nearly the solution, in floats; of the transposed matrix on demand."""
        before, after = (self.row_digits, self.column_digits)
        if transposed:
            top = self.row_digits.max(initial=0)  # so that no float overflows
            found = self._lu.solve(np.ldexp(as_floats(right, np.full(len(right), top)), -after), trans="T")
            return np.asarray(np.ldexp(found, top - before))
        return np.asarray(np.ldexp(self._lu.solve(as_floats(right, before)), -after))


def factored(matrix: Sparse) -> Factored | None:
    """Factors of a square matrix; None if it is singular."""
    try:
        return Factored(matrix)
    except RuntimeError:  # what SciPy says of a singular matrix
        return None


def solve_exactly(
    matrix: Sparse, right: Whole, factors: Factored | None = None, *, transposed: bool = False
) -> tuple[Whole, int] | None:
    """Numerators and the one denominator of the solution of a square system; None if it is singular or too long.

    Factors, if they are known, are those of the matrix, or of its transpose where `transposed` says so.

    Examples
    --------
    >>> three = Sparse(np.array([3, 1], dtype=object), np.array([0, 1]), np.array([0, 1, 2]), 2)
    >>> solve_exactly(three, np.array([1, 2], dtype=object))
    (array([1, 6], dtype=object), 3)
    """
    if matrix.n_rows == 0:
        return np.zeros(0, dtype=object), 1
    known = factored(matrix) if factors is None else factors
    if known is None:
        return None
    for gained in GAINED:
        found = _digit_by_digit(matrix, right, known, gained, transposed=transposed)
        if found is not None:
            return found
    return None


def _digit_by_digit(
    matrix: Sparse, right: Whole, factors: Factored, gained: int, *, transposed: bool
) -> tuple[Whole, int] | None:
    left, digits, wanted = right, 0, FIRST_DIGITS
    found = np.zeros(matrix.n_columns, dtype=object)
    before = np.inf
    while digits < MOST_DIGITS:
        guess = factors.solve(left, transposed=transposed)
        largest = float(np.abs(guess).max())
        if not largest < before:  # nothing is gained, or the factors are no numbers
            return None
        before = max(largest / 2, LOST)  # a solution of large numbers takes some rounds to come down to units
        step = _rounded(guess, gained)
        found = found * (1 << gained) + step
        left = left * (1 << gained) - matrix.times(step)
        digits += gained
        if not left.any():  # a finite number of digits says all
            return _lowest(found, digits)
        if digits >= wanted:
            fractions = _fractions(found, digits)
            if fractions is not None and np.array_equal(matrix.times(fractions[0]), right * fractions[1]):
                return fractions
            wanted = 2 * digits
    return None


def _rounded(values: NDArray[np.float64], digits: int) -> Whole:
    """values * 2**digits as whole numbers."""
    small = np.abs(values) < 2.0 ** (62 - digits)
    found = np.rint(np.where(small, values, 0.0) * 2.0**digits).astype(np.int64).astype(object)
    for k in np.flatnonzero(~small):
        found[k] = int(values[k]) << digits
    return found


def _lowest(found: Whole, digits: int) -> tuple[Whole, int]:
    """found / 2**digits in lowest terms of one denominator."""
    joined = 0
    for value in found.tolist():
        joined |= abs(value)
    spare = digits if joined == 0 else min(digits, (joined & -joined).bit_length() - 1)
    return np.asarray(found // (1 << spare), dtype=object), 1 << (digits - spare)


def _fractions(found: Whole, digits: int) -> tuple[Whole, int] | None:
    """Fractions of one denominator, as close to found / 2**digits as only short ones are; None if there are none."""
    unit, half = 1 << digits, 1 << (digits - 1)
    near = 1 << (digits // 2)
    most = 1 << (digits // 2 - GUARD)
    denominator = 1
    for value in found.tolist():
        scaled = value * denominator
        rest = (scaled + half) % unit - half
        if abs(rest) > near:
            denominator *= _denominator(rest % unit, unit, near)
            if denominator > most:
                return None
    numerators = np.array([(value * denominator + half) // unit for value in found.tolist()] + [0], dtype=object)[:-1]
    return numerators, denominator


def _denominator(value: int, unit: int, near: int) -> int:
    """The denominator of the simplest fraction close to value / unit, by Euclid's algorithm."""
    high, low = unit, value
    before, now = 0, 1
    while low > near:
        quotient = high // low
        high, low = low, high - quotient * low
        before, now = now, before + quotient * now
    return now
