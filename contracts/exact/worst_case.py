"""Exact comparison where valuations are uncertain: who could gain by taking another contract, at some valuation.

The most that type i can gain by contract k instead of its own m is

    (a_i . x_k - t_k) - (a_i . x_m - t_m) + s_i(x_k - x_m),

attained in its set. Floats decide with an error bound, rationals where that is not enough.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from contracts.exact.rationals import EPS, UNDERFLOW, BestOptions
from contracts.inputs.arrays import Array, Indices
from contracts.problem.screening import ScreeningProblem
from contracts.problem.uncertainty import ValuationSets


class Contract(NamedTuple):
    """Rows of allocations and transfers that pairs are compared at."""

    allocation: Array  # (n_pairs, n_goods)
    transfer: Array  # (n_pairs,)


def worst_deviations(problem: ScreeningProblem, options: tuple[Array, Array], own: Indices) -> BestOptions:
    """For every type the option that could tempt it most, and that gain at its worst valuation, with an exact sign."""
    sets, count = _sets(problem), len(options[1])
    types, others = (grid.ravel() for grid in np.indices((problem.n_types, count)))
    asked = others != own[types]
    types, others = types[asked], others[asked]
    everything = np.full((problem.n_types, count), -np.inf)
    taken = own[types]
    new, old = (Contract(options[0][k], options[1][k]) for k in (others, taken))
    everything[types, others] = _gains(problem, sets, types, new, old)
    best = everything.argmax(axis=1)
    gain = everything[np.arange(problem.n_types), best]
    return BestOptions(own, np.where(np.isfinite(gain), best, -1), gain, 0)


def worst_participation_slacks(problem: ScreeningProblem, allocation: Array, transfer: Array) -> Array:
    """Utility above the outside option at each type's worst valuation, with an exact sign; (n_types,)."""
    everybody = np.arange(problem.n_types)
    outside = problem.outside
    leaving = Contract(np.broadcast_to(outside.allocation, allocation.shape), -outside.utility)
    return -_gains(problem, _sets(problem), everybody, leaving, Contract(allocation, transfer))


def _sets(problem: ScreeningProblem) -> ValuationSets:
    assert problem.valuation_sets is not None
    return problem.valuation_sets


def _gains(problem: ScreeningProblem, sets: ValuationSets, types: Indices, new: Contract, old: Contract) -> Array:
    """Worst-case gain of types[k] from contract new[k] instead of old[k]; (n_pairs,)."""
    values = problem.valuations[types]
    step = new.allocation - old.allocation
    gain = np.einsum("ij,ij->i", values, step) - (new.transfer - old.transfer) + sets.support(types, step)
    amounts = np.abs(new.allocation) + np.abs(old.allocation)
    size = np.einsum("ij,ij->i", np.abs(values), amounts) + np.abs(new.transfer) + np.abs(old.transfer)
    size = size + np.einsum("ikl,ik->i", np.abs(sets.factors[types]), amounts)
    error = 4 * (problem.n_goods + 4) * EPS * size + UNDERFLOW
    for k in np.flatnonzero(np.abs(gain) <= error):
        here, there = ([Fraction(x) for x in part.allocation[k].tolist()] for part in (old, new))
        difference = [b - a for a, b in zip(here, there, strict=True)]
        worth = sum((Fraction(v) * d for v, d in zip(values[k].tolist(), difference, strict=True)), Fraction())
        price = Fraction(float(new.transfer[k])) - Fraction(float(old.transfer[k]))
        gain[k] = sets.exact_gain(int(types[k]), worth - price, difference)
    return gain
