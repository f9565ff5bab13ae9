"""Every type's best option, exactly: on a line by thresholds, elsewhere by pruned pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from contracts.exact.line import best_on_a_line
from contracts.exact.rationals import (
    EPS,
    UNDERFLOW,
    BestOptions,
    ExactUtilities,
    as_integers,
    exact_runners_up,
    exact_winners,
    utility_error,
)
from contracts.exact.relevance import ALL_PAIRS, relevant_blocks, row_blocks
from contracts.inputs.arrays import Array, Indices


def best_options(
    valuations: Array,
    allocations: Array,
    transfers: Array,
    payoff: Callable[[Indices, Indices], Array],
    own: Indices | None = None,
    access: NDArray[np.bool_] | None = None,
    rising: Indices | None = None,
) -> BestOptions:
    """Every type's best option under exact comparison, ties broken by the larger `payoff(types, options)`.

    Parameters
    ----------
    valuations : (n_types, n_goods) array
    allocations, transfers : (n_options, n_goods) and (n_options,) arrays
    payoff : the principal's payoff from (types, options), asked for ties only
    own : (n_types,) option that each type is meant to take; by default its best one. Runner-up gains are
        measured against it: an exact sign, and a value correct to rounding.
    access : (n_types, n_options) which options a type can take at all, at least one and its own; by default all
    rising : (n_types,) of one good, the types by rising valuation, if somebody has sorted them

    Examples
    --------
    Type 2.0 is indifferent between (1, 1.0) and (2, 3.0) and the second earns more:

    >>> best = best_options(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]), np.array([1.0, 3.0]),
    ...                     payoff=lambda types, options: np.array([1.0, 3.0])[options])
    >>> best.option, best.runner_up_gain
    (array([0, 1]), array([-1.,  0.]))
    """
    if access is None and valuations.shape[1] == 1 and len(valuations) * len(transfers) > ALL_PAIRS:
        best = best_on_a_line(valuations[:, 0], allocations[:, 0], transfers, payoff, own, rising)
        if best is not None:
            return best
    error = utility_error(valuations, allocations, transfers)
    exact = ExactUtilities(valuations, allocations, transfers)
    option = np.empty(len(valuations), dtype=np.intp)
    runner_up = np.full(len(valuations), -1, dtype=np.intp)
    gain = np.full(len(valuations), -np.inf)
    undecided = 0
    blocks = relevant_blocks(valuations, allocations, transfers, error) if access is None else _all_pairs(access)
    for types, options in blocks:
        utility = valuations[types] @ allocations[options].T - transfers[options]
        if access is not None:
            utility[~access[types]] = -np.inf
        top = utility.max(axis=1)
        near = utility >= (top - 2 * error[types])[:, np.newaxis]
        option[types] = options[utility.argmax(axis=1)]
        contested = np.flatnonzero(near.sum(axis=1) > 1)
        undecided += int(near[contested].sum())
        if len(contested):
            rows, columns = np.nonzero(near[contested])
            option[types[contested]] = exact_winners(types[contested[rows]], options[columns], exact, payoff)
        mine = option[types] if own is None else own[types]
        mine_utility = np.einsum("ij,ij->i", valuations[types], allocations[mine]) - transfers[mine]
        utility[options == mine[:, np.newaxis]] = -np.inf
        if len(options) > 1:
            best_other = utility.argmax(axis=1)
            runner_up[types] = options[best_other]
            gain[types] = utility[np.arange(len(types)), best_other] - mine_utility
            if access is not None:
                runner_up[types[gain[types] == -np.inf]] = -1
        close = np.flatnonzero(gain[types] >= -2 * error[types])
        if len(close):
            of = types[close]
            rows, columns = np.nonzero(utility[close] >= (utility[close].max(axis=1) - 2 * error[of])[:, np.newaxis])
            runner_up[of], gain[of] = exact_runners_up(of[rows], options[columns], mine[close], exact)
    return BestOptions(option, runner_up, gain, undecided)


def _all_pairs(access: NDArray[np.bool_]) -> Iterator[tuple[Indices, Indices]]:
    """Blocks of types with all options: pruning would need to know which of them each type can take."""
    everybody, every_option = np.arange(len(access)), np.arange(access.shape[1])
    for rows in row_blocks(*access.shape):
        yield everybody[rows], every_option


def participation_slacks(valuations: Array, allocation: Array, transfer: Array, reservation_utility: Array) -> Array:
    """valuations_i . x_i - t_i - r_i with an exact sign; (n_types,)."""
    utility = np.einsum("ij,ij->i", valuations, allocation) - transfer
    slack = utility - reservation_utility
    sizes = np.einsum("ij,ij->i", np.abs(valuations), np.abs(allocation)) + np.abs(transfer)
    error = (valuations.shape[1] + 4) * EPS * (sizes + np.abs(reservation_utility)) + UNDERFLOW
    close = np.flatnonzero(np.abs(slack) <= error)
    if close.size:
        exact = ExactUtilities(valuations, allocation, transfer, extra=reservation_utility)
        outside = as_integers(reservation_utility[close], exact.places)
        slack[close] = [exact.as_float(gap) for gap in exact.at(close, close) - outside]
    return slack
