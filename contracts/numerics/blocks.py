"""What eliminating the allocations of a group of types leaves in the utilities: a small block for each.

With A_j the rows sqrt(W_k) normal_k and a root of the curvature, M_j = A_j' A_j = R'R, and Q = A_j R^-1 has
orthonormal columns. Of W, I - Q Q' is left between sqrt(W). The shares of that which rows keep for themselves,
1 - |q_k|^2, say whether the difference has digits. Where one of them vanishes, as near a vertex, a full QR of A_j gives
the columns Z orthogonal to Q, and what is left is (W^1/2 Z) (W^1/2 Z)' without subtraction.
"""

from __future__ import annotations

import numpy as np

from contracts.inputs.arrays import Array, Indices, Mask
from contracts.numerics.elimination import Group

SPARE = 1e-8  # least share that a row keeps for itself where the difference is formed


def reduced(group: Group, root: Array, curvature: Array | None) -> tuple[Array, Array]:
    """R^-1 of every type, (g, d, d), and the lower triangles of the reduced blocks, (m (m + 1) / 2, g).

    Parameters
    ----------
    root : (w, g) square roots of W
    curvature : (g, d, d) times weights; None where the cost is linear
    """
    if group.measured is not None or curvature is None:
        return _by_qr(group, root, curvature, np.arange(len(group.types)))
    inverse, blocks, is_exact = _by_differences(group, root, curvature)
    again = np.flatnonzero(~is_exact)
    if len(again):
        inverse[again], blocks[:, again] = _by_qr(group, root, curvature, again)
    return inverse, blocks


def _by_differences(group: Group, root: Array, curvature: Array) -> tuple[Array, Array, Mask]:
    """R^-1 and blocks entry by entry for all types at once, and whether their digits are good."""
    w = group.n_pairs
    rows = group.normal * root
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse = _orthonormalise(rows, curvature)
    spare = 1.0 - np.einsum("akg,akg->kg", rows[:, :w], rows[:, :w])
    ratio = root**2
    rows *= root
    blocks = np.empty(((w + 1) * (w + 2) // 2, root.shape[1]))
    at = 0
    for p in range(w):
        np.negative(_inner(rows[:, :p], rows[:, p]), out=blocks[at : at + p])
        np.multiply(ratio[p], spare[p], out=blocks[at + p])
        at += p + 1
    through = np.einsum("akg,kg->ag", rows, group.own)
    blocks[at : at + w] = _inner(rows[:, :w], through) - group.own[:w] * ratio[:w]
    whole = np.einsum("kg,kg,kg->g", group.own, group.own, ratio)
    blocks[at + w] = whole - (through**2).sum(axis=0)
    is_exact = ((spare >= SPARE) | (ratio[:w] == 0)).all(axis=0) & (blocks[at + w] >= SPARE * whole)
    return inverse, blocks, is_exact


def _inner(rows: Array, one: Array) -> Array:
    """Inner products of rows (d, k, g) with one (d, g)."""
    total = rows[0] * one[0]
    for a in range(1, len(rows)):
        total += rows[a] * one[a]
    return np.asarray(total)


def _orthonormalise(rows: Array, curvature: Array) -> Array:
    """Turn the rows of A, (d, k, g), into those of A R^-1, in place, by Cholesky's R; returns R^-1, (g, d, d)."""
    goods = len(rows)
    inverse = np.zeros_like(curvature)
    low: dict[tuple[int, int], Array] = {}
    for a in range(goods):
        for b in range(a + 1):
            entry = np.einsum("kg,kg->g", rows[a], rows[b]) + curvature[:, a, b]
            for k in range(b):
                entry -= low[a, k] * low[b, k]
            low[a, b] = np.sqrt(entry) if a == b else entry / low[b, b]
    for a in range(goods):
        inverse[:, a, a] = 1.0 / low[a, a]
        for b in range(a):
            inverse[:, b, a] = -sum(low[a, k] * inverse[:, b, k] for k in range(b, a)) * inverse[:, a, a]
    for a in range(goods):
        for b in range(a):
            rows[a] -= low[a, b] * rows[b]
        rows[a] *= inverse[:, a, a]
    return inverse


def _by_qr(group: Group, root: Array, curvature: Array | None, which: Indices) -> tuple[Array, Array]:
    """R^-1 and blocks of some types of the group, by a full QR of each."""
    goods, w = len(group.normal), group.n_pairs
    roots = root[:, which].T[:, :, np.newaxis]
    rows = [roots * group.normal[:, :, which].T]
    if curvature is not None:
        rows.append(_root_of(curvature[which]).transpose(0, 2, 1))
    orthogonal, upper = np.linalg.qr(np.concatenate(rows, axis=1), mode="complete")
    left = roots * orthogonal[:, : len(root), goods:]
    left = np.concatenate([left[:, :w], -group.own[:, which].T[:, np.newaxis] @ left], axis=1)
    if group.measured is not None:
        left = group.measured[which] @ left
    one, two = np.tril_indices(left.shape[1])
    return np.linalg.inv(upper[:, :goods]), (left @ left.transpose(0, 2, 1))[:, one, two].T


def _root_of(curvature: Array) -> Array:
    """L with L L' = curvature, matrix by matrix; where some directions are straight, by eigenvalues."""
    try:
        return np.asarray(np.linalg.cholesky(curvature), dtype=np.float64)
    except np.linalg.LinAlgError:
        sizes, directions = np.linalg.eigh(curvature)
        return np.asarray(directions * np.sqrt(np.maximum(sizes, 0.0))[:, np.newaxis, :])
