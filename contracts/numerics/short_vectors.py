"""Short vectors of lattices of whole numbers, and points of a lattice near a given one: exact, whatever their size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.object_]  # of Python's integers


def nearest_to(point: Whole, basis: Whole) -> list[int]:
    """A short vector that differs from `point` by whole multiples of the rows of the basis (Babai 1986).

    Examples
    --------
    >>> basis = np.array([[7, 0], [0, 7]], dtype=object)
    >>> nearest_to(np.array([15, -8], dtype=object), basis)
    [1, -1]
    """
    rows, along, minors = _reduced(basis)
    rows, along = np.vstack([rows, point]), np.pad(along, ((0, 1), (0, 0)))
    _orthogonalise(rows, along, minors, len(basis))
    for j in reversed(range(len(basis))):
        _shorten(rows, along, minors, len(basis), j)
    return [int(each) for each in rows[-1]]


def _reduced(basis: Whole) -> tuple[Whole, Whole, list[int]]:
    """A basis of the same lattice with short vectors (Lenstra, Lenstra & Lovasz 1982; all in integers, Cohen 1993).

    Beside it the coefficients of Gram and Schmidt, times the determinants of the first Gram matrices, and these.
    """
    rows, count = basis.copy(), len(basis)
    along, minors = np.zeros((count, count), dtype=int).astype(object), [1]
    for k in range(count):
        minors.append(_orthogonalise(rows, along, minors, k))
    k = 1
    while k < count:
        _shorten(rows, along, minors, k, k - 1)
        if 4 * (minors[k - 1] * minors[k + 1] + along[k, k - 1] ** 2) < 3 * minors[k] ** 2:
            _swap(rows, along, minors, k)
            k = max(1, k - 1)
            continue
        for j in reversed(range(k - 1)):
            _shorten(rows, along, minors, k, j)
        k += 1
    return rows, along, minors


def _orthogonalise(rows: Whole, along: Whole, minors: list[int], k: int) -> int:
    """The coefficients of row k along those before it, in place, and the next minor."""
    for j in range(k):
        along[k, j] = _minor(int(rows[k] @ rows[j]), along[k], along[j], minors, j)
    return _minor(int(rows[k] @ rows[k]), along[k], along[k], minors, k)


def _minor(product: int, one: Whole, other: Whole, minors: list[int], count: int) -> int:
    """A product of two rows without their parts along the first ones, times the determinant of these."""
    for i in range(count):
        product = (minors[i + 1] * product - one[i] * other[i]) // minors[i]
    return product


def _shorten(rows: Whole, along: Whole, minors: list[int], k: int, j: int) -> None:
    """Take multiples of row j < k from row k, in place."""
    if 2 * abs(along[k, j]) <= minors[j + 1]:
        return
    times = (2 * along[k, j] + minors[j + 1]) // (2 * minors[j + 1])
    rows[k] -= times * rows[j]
    along[k, :j] -= times * along[j, :j]
    along[k, j] -= times * minors[j + 1]


def _swap(rows: Whole, along: Whole, minors: list[int], k: int) -> None:
    """Rows k and k - 1 change places, in place."""
    rows[[k - 1, k]] = rows[[k, k - 1]]
    along[[k - 1, k], : k - 1] = along[[k, k - 1], : k - 1]
    one, minor = along[k, k - 1], (minors[k - 1] * minors[k + 1] + along[k, k - 1] ** 2) // minors[k]
    for i in range(k + 1, len(rows)):
        before = along[i, k]
        along[i, k] = (minors[k + 1] * along[i, k - 1] - one * before) // minors[k]
        along[i, k - 1] = (minor * before + one * along[i, k]) // minors[k + 1]
    minors[k] = minor
