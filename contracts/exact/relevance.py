"""Which options can matter to which types: all pairs, pruned by proof.

Types are split in halves along their widest coordinate. On a cell with centre a and half-widths h, the utility of
option b exceeds that of k for every type if it does at the centre by more than |x_b - x_k| . h. An option so beaten by
the two that are best at the centre (by the rounding error of utilities too) is neither best nor second best, nor
within rounding of that, for any type of the cell. Few options reach the leaves: 2-8% of all pairs on large grids.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array, Indices

ALL_PAIRS = 400_000  # below this many pairs pruning costs more than it saves
LEAF_TYPES = 128  # half of this prunes more and takes half as long again
BLOCK = 4_000_000  # entries of a utility matrix held at once: memory stays linear in the number of types


def relevant_blocks(
    valuations: Array, allocations: Array, transfers: Array, error: Array
) -> Iterator[tuple[Indices, Indices]]:
    """Blocks (types, options) that together hold each type's best and second-best option and all their near-ties.

    Parameters
    ----------
    valuations : (n_types, n_goods) array
    allocations, transfers : (n_options, n_goods) and (n_options,) arrays
    error : (n_types,) bound on the rounding error of utilities
    """
    every_type, every_option = np.arange(len(valuations)), np.arange(len(transfers))
    if len(valuations) * len(transfers) <= ALL_PAIRS:
        yield every_type, every_option
        return
    pending = [(every_type, every_option)]
    while pending:
        types, options = pending.pop()
        low, high = valuations[types].min(axis=0), valuations[types].max(axis=0)
        options = options[_survive((low + high) / 2, (high - low) / 2, allocations, transfers, options, error[types])]
        if len(types) <= LEAF_TYPES or not (high > low).any():
            for start in range(0, len(types), max(1, BLOCK // len(options))):
                yield types[start : start + max(1, BLOCK // len(options))], options
            continue
        along = valuations[types, int(np.argmax(high - low))]
        order = np.argpartition(along, len(types) // 2)
        pending += [(types[order[: len(types) // 2]], options), (types[order[len(types) // 2 :]], options)]


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Row blocks of a matrix that each fit in BLOCK entries."""
    step = max(1, BLOCK // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def _survive(
    centre: Array, halfwidth: Array, allocations: Array, transfers: Array, options: Indices, error: Array
) -> NDArray[np.bool_]:
    if len(options) <= 2:
        return np.ones(len(options), dtype=bool)
    offered = allocations[options]
    utility = offered @ centre - transfers[options]
    # Rounding of utilities at the types, and at the centre and along the reach: per good, the cell's box is no larger
    # than its types.
    margin = 4 * (1 + len(centre)) * float(error.max())
    beaten = np.ones(len(options), dtype=bool)
    for best in np.argpartition(-utility, 1)[:2]:
        reach = np.abs(offered - offered[best]) @ halfwidth
        beaten &= utility[best] - utility > reach + margin
    return ~beaten
