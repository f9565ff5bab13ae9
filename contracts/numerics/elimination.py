"""The menu program row by row, reduced to a sparse system in the utilities.

    s_k = limit_k + u_i - own_k u_j - normal_k . x_j >= 0

Every row belongs to the allocation of one type j; IC rows are those with a tempted type i. So IC, IR, limits on
transfers and the faces of the domain are one kind of row:

    IC          u_i - u_j - (a_i - a_j) . x_j       normal = a_i - a_j, own = 1
    IR          u_j - r_j                           normal = 0,         own = -1, limit = -r_j
    t_j >= low  a_j . x_j - u_j - low               normal = -a_j,      own = 1,  limit = -low
    t_j <= high high - a_j . x_j + u_j              normal = a_j,       own = -1, limit = high
    face        limit - normal . x_j                                    own = 0

Eliminating all x_j leaves a symmetric positive definite system in u, whose pattern joins the types that share a
tempter. It is factorised in a nested-dissection order found from the positions of the types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.numerics.multifrontal import Factors, Fronts

SHIFTS = (0.0, 1e-16, 1e-14, 1e-12, 1e-10, 1e-8)  # shares of the diagonal added to it until it can be factorised
SIMILAR = 1.25  # types with up to so many times the rows of the smallest are worked on together, padded
GROUP_ENTRIES = 300_000  # of the reduced blocks of a group


@dataclass(frozen=True, eq=False)
class Program:
    """The program's data in normalised units; IC rows come first."""

    weights: Array  # (n,) f
    value: Array  # (n, d) v
    utility_cost: Array  # (n,) q
    tempted: Indices  # (n_pairs,) i of every IC row
    owner: Indices  # (n_rows,) j
    normal: Array  # (n_rows, d)
    own: Array  # (n_rows,)
    limit: Array  # (n_rows,)
    gradient: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d)
    hessian: Callable[[Array], Array]  # of the cost, (n, d) -> (n, d, d)

    @cached_property
    def on_allocation(self) -> csr_array:
        """Rows times x, laid out type by type; (n_rows, n d)."""
        n_rows, goods = self.normal.shape
        columns = self.owner[:, np.newaxis] * goods + np.arange(goods)
        starts = np.arange(n_rows + 1) * goods
        return csr_array((-self.normal.ravel(), columns.ravel(), starts), shape=(n_rows, self.value.size))

    @cached_property
    def on_utility(self) -> csr_array:
        """Rows times u; (n_rows, n)."""
        rows = np.concatenate([np.arange(len(self.tempted)), np.arange(len(self.owner))])
        columns = np.concatenate([self.tempted, self.owner])
        entries = np.concatenate([np.ones(len(self.tempted)), -self.own])
        return csr_array((entries, (rows, columns)), shape=(len(self.owner), len(self.weights)))

    @cached_property
    def _by_allocation(self) -> csr_array:
        return self.on_allocation.T.tocsr()

    @cached_property
    def _by_utility(self) -> csr_array:
        return self.on_utility.T.tocsr()

    def slack(self, x: Array, u: Array) -> Array:
        """What every row has to spare."""
        spare = self.limit - self.own * u[self.owner] - np.einsum("kd,kd->k", self.normal, x[self.owner])
        spare[: len(self.tempted)] += u[self.tempted]
        return np.asarray(spare)

    def charged_to_allocation(self, price: Array) -> Array:
        """What prices of rows take from each allocation; (n, d)."""
        return np.asarray(self._by_allocation @ price).reshape(self.value.shape)

    def charged_to_utility(self, price: Array) -> Array:
        """What they take from each utility; (n,)."""
        return np.asarray(self._by_utility @ price)


@dataclass(frozen=True, eq=False)
class Group:
    """Types with about as many rows, whose blocks are worked on together, slot by slot."""

    types: Indices  # (g,)
    slots: Indices  # (w, g) the rows of each type, IC rows first; n_rows where padded
    n_pairs: int  # how many of the w are IC rows
    normal: Array  # (d, w, g)
    own: Array  # (w, g)
    measured: Array | None  # (g, members, n_pairs + 1) where types are measured from others
    places: Indices  # (m (m + 1) / 2 g,) entries of the system that the lower triangles of the reduced blocks add to


class Elimination:
    """The pattern of the system in u: which entries of the factorised matrix every block adds to.

    Types that nearly coincide charge each other huge prices, beside which what holds the two together would be lost to
    rounding. So each is measured from one of them: the unknown is u_j - u_head, and u = T w.
    """

    def __init__(self, program: Program, positions: Array, head: Indices) -> None:
        """`head` names, for every type, the one that it is measured from: itself unless types nearly coincide."""
        n, pairs = len(program.weights), len(program.tempted)
        everybody = np.arange(n)
        columns = np.append(everybody, head[head != everybody])
        rows = np.append(everybody, np.flatnonzero(head != everybody))
        self._measured = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))  # T
        blocks, members = np.append(program.owner[:pairs], everybody), np.append(program.tempted, everybody)
        blocks, members = np.append(blocks, blocks), np.append(members, head[members])
        incidence = csr_array((np.ones(len(blocks), dtype=np.int32), (blocks, members)), shape=(n, n))
        self._fronts = Fronts((incidence.T @ incidence).tocsr(), positions)
        self._diagonal = self._fronts.places(everybody, everybody)
        self.groups = list(_groups(program, head, self._fronts))
        self._places = np.concatenate([group.places for group in self.groups])

    def factorise(self, blocks: Iterable[Array]) -> Callable[[Array], Array]:
        """Factorise the sum of the lower triangles of all groups' reduced blocks, (m (m + 1) / 2, g) of each."""
        parts = np.concatenate([block.ravel() for block in blocks])
        for shift in SHIFTS:
            entries = np.asarray(np.bincount(self._places, parts, minlength=self._fronts.size), dtype=np.float64)
            entries[self._diagonal] *= 1.0 + shift
            try:
                factors = Factors(self._fronts, entries)
                break
            except ArithmeticError:
                continue
        else:
            raise ArithmeticError("the system in the utilities is singular")

        measured: Any = self._measured
        order = self._fronts.order

        def solve(right: Array) -> Array:
            solution = np.empty_like(right)
            solution[order] = factors.solve((measured.T @ right)[order])
            return np.asarray(measured @ solution)

        return solve


def _groups(program: Program, head: Indices, fronts: Fronts) -> Iterator[Group]:
    """Types by their number of IC rows, few enough at a time for the processor's cache; those near others apart."""
    n, pairs = len(program.weights), len(program.tempted)
    sizes = np.bincount(program.owner[:pairs], minlength=n)
    first = np.cumsum(sizes) - sizes
    others = pairs + np.argsort(program.owner[pairs:], kind="stable").reshape(n, -1)
    normal = np.concatenate([program.normal, np.zeros((1, program.normal.shape[1]))])
    own, tempted = np.append(program.own, 0.0), np.append(program.tempted, 0)
    is_near = head != np.arange(n)
    is_near |= np.bincount(program.owner[:pairs], is_near[program.tempted], minlength=n) > 0
    kind = sizes + (sizes.max(initial=0) + 1) * is_near
    by_kind, start = np.argsort(kind, kind="stable"), 0
    while start < n:
        lead = by_kind[start]
        alike = np.searchsorted(kind[by_kind], kind[lead] + int((SIMILAR - 1) * sizes[lead]), side="right")
        many = max(1, GROUP_ENTRIES // int(sizes[lead] + 1) ** 2)
        types = by_kind[start : min(alike, start + many)]
        types = types[is_near[types] == is_near[lead]]
        start += len(types)
        place = np.arange(sizes[types].max())
        listed = place < sizes[types, np.newaxis]
        pair_slots = np.where(listed, first[types, np.newaxis] + place, 0)
        members = np.column_stack([np.where(listed, tempted[pair_slots], types[:, np.newaxis]), types])
        measured = None
        if is_near[lead]:
            members, measured = _measured_members(members, head)
        pair_slots = np.where(listed, pair_slots, len(program.owner))
        slots = np.ascontiguousarray(np.column_stack([pair_slots, others[types]]).T)
        one, two = np.tril_indices(members.shape[1])
        places = fronts.places(members[:, one].T.ravel(), members[:, two].T.ravel())
        by_slot = np.ascontiguousarray(np.moveaxis(normal[slots], 2, 0))
        yield Group(types, slots, len(place), by_slot, own[slots], measured, places)


def _measured_members(members: Indices, head: Indices) -> tuple[Indices, Array]:
    """Members and their heads (g, m), and which of them each member's utility is the sum of, (g, m, members)."""
    wider = np.column_stack([members, head[members]])
    place = np.arange(wider.shape[1])
    is_first = (wider[:, :, np.newaxis] == wider[:, np.newaxis, :]).argmax(axis=2) == place
    parts = (members, head[members])
    adds = np.any([wider[:, :, np.newaxis] == part[:, np.newaxis, :] for part in parts], axis=0)
    return wider, (adds & is_first[:, :, np.newaxis]).astype(np.float64)
