"""The problems that are timed: types, weights, cost and domain in plain arrays, nothing of the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEED = 20240607
POLICIES = 1000  # response policies that a menu without money chooses lotteries over


class WithoutMoney(NamedTuple):
    """What a principal makes of policies, and what it costs to leave the default."""

    principal_values: Array  # (n_goods,)
    temperature: float  # times KL(x, default policy)
    default: Array  # (n_goods,) everybody may keep it


@dataclass(frozen=True, eq=False)
class Instance:
    """One problem: maximise sum_i f_i (a_i . x_i - c(x_i) - u_i) over menus that are IC and give everyone u_i >= 0.

    Without money: maximise sum_i f_i (b . x_i - temperature KL(x_i, default)) over lotteries x_i such that nobody
    prefers the policy of another type or the default.
    """

    valuations: Array  # (n_types, n_goods)
    weights: Array  # (n_types,), sums to 1
    quadratic: bool  # c(x) = |x|^2 / 2 over x >= 0; otherwise c = 0 over 0 <= x <= 1
    without_money: WithoutMoney | None = None

    @property
    def outside_utility(self) -> Array:
        """What every type has without a contract; (n_types,)."""
        if self.without_money is None:
            return np.zeros(len(self.valuations))
        return np.asarray(self.valuations @ self.without_money.default)


@dataclass(frozen=True)
class Case:
    """A family of instances of growing size."""

    name: str
    title: str
    sizes: tuple[int, ...]  # types per axis for grids, types otherwise
    types: Callable[[int], Array]  # size -> valuations
    dimension: int
    quadratic: bool = True
    is_grid: bool = True
    with_money: bool = True

    @property
    def on_a_line(self) -> bool:
        """Whether sorting the types is the floor, and local constraints suffice."""
        return self.dimension == 1

    def n_types(self, size: int) -> int:
        return size**self.dimension if self.is_grid else size

    def instance(self, size: int) -> Instance:
        valuations = self.types(size)
        weights = np.full(len(valuations), 1.0 / len(valuations))
        return Instance(valuations, weights, self.quadratic, None if self.with_money else policy_values())


def grid(axis: Array, dimension: int) -> Array:
    """All points with coordinates on `axis`; (len(axis) ** dimension, dimension)."""
    return np.stack(np.meshgrid(*[axis] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)


def corners(dimension: int) -> Callable[[int], Array]:
    """[1, 2]^d with its corners."""
    return lambda size: grid(np.linspace(1.0, 2.0, size), dimension)


def midpoints(dimension: int) -> Callable[[int], Array]:
    """[0, 1]^d, the middle of every cell."""
    return lambda size: grid((np.arange(size) + 0.5) / size, dimension)


def random_types(lowest: float, dimension: int = 2) -> Callable[[int], Array]:
    """Uniform on [lowest, lowest + 1]^d; a larger draw begins with the smaller ones."""
    return lambda size: lowest + np.random.default_rng(SEED).random((size, dimension))


def random_groups(size: int) -> Array:
    """Independent normal utilities of policies; a larger draw begins with the smaller ones."""
    return np.random.default_rng(SEED).normal(size=(size, POLICIES))


def policy_values() -> WithoutMoney:
    """A principal with a taste of its own, and the uniform policy as the default."""
    values = np.random.default_rng(SEED + 1).normal(size=POLICIES)
    return WithoutMoney(values, 0.5, np.full(POLICIES, 1.0 / POLICIES))


PER_AXIS = {
    2: (5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320),
    3: (3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32),
    4: (3, 4, 5, 6, 7, 8, 10, 12, 14),
}
COUNTS = tuple(25 * 2**k for k in range(13))
LINE = (25, 50, 100, 200, 400, 800, 1_600, 10_000, 100_000, 1_000_000)
GROUPS = (5, 10, 20, 35, 50, 70, 100)

CASES = (
    Case("rochet-chone", "2 goods, grid on [1,2]^2, quadratic cost", PER_AXIS[2], corners(2), 2),
    Case("auction", "2 goods, midpoint grid on [0,1]^2, no cost, box", PER_AXIS[2], midpoints(2), 2, quadratic=False),
    Case("random-quadratic", "2 goods, random on [1,2]^2, quadratic cost", COUNTS, random_types(1.0), 2, is_grid=False),
    Case(
        "random-auction",
        "2 goods, random on [0,1]^2, no cost, box",
        COUNTS,
        random_types(0.0),
        2,
        quadratic=False,
        is_grid=False,
    ),
    Case("grid-3d", "3 goods, grid on [1,2]^3, quadratic cost", PER_AXIS[3], corners(3), 3),
    Case("grid-4d", "4 goods, grid on [1,2]^4, quadratic cost", PER_AXIS[4], corners(4), 4),
    Case("line", "1 good, uniform on [1,2], quadratic cost", LINE, corners(1), 1),
    Case("random-line", "1 good, random on [1,2], quadratic cost", LINE, random_types(1.0, 1), 1, is_grid=False),
    Case(
        "policies",
        f"no money: groups over {POLICIES:,} policies, KL cost",
        GROUPS,
        random_groups,
        POLICIES,
        quadratic=False,
        is_grid=False,
        with_money=False,
    ),
)


def case_named(name: str) -> Case:
    """The case of this name."""
    return next(case for case in CASES if case.name == name)
