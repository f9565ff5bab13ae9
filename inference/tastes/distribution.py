"""How tastes vary in a population: each in its own way, apart or together, in utility or in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count, names_of, whole
from contracts.inputs.names import listed
from contracts.problem.screening import ScreeningProblem
from inference.choice.data import ChoiceData, Integers
from inference.logit.quantisation import screening_problem_of
from inference.tastes.mixing import MIXINGS, Mixing, Moments, plain

KINDS = tuple(MIXINGS)
OF_A_PRICE = ("negative", "truncated negative", "fixed")  # how a price may vary that others are worth something in


class Slopes(NamedTuple):
    """Tastes of draws and what a derivative in coefficients is multiplied with for one in their parts."""

    tastes: Array  # (..., n_attributes), in money where worths are
    in_location: dict[int, Array]  # where a taste is not its location plus its deviation
    in_deviation: dict[int, Array]
    in_spread: dict[int, Array]


@checked
@dataclass(frozen=True, eq=False)
class TasteDistribution:
    """Tastes g(mean, factor z, spread) with z standard normal, attribute by attribute.

    The spread of an attribute is the length of its row of `factor`, the standard deviation of its part of factor z.

    | kind | taste |
    |---|---|
    | "normal" | mean + factor z |
    | "positive", "negative" | plus or minus exp(mean + factor z) |
    | "uniform", "triangular" | on mean - spread to mean + spread |
    | "truncated positive", "truncated negative" | plus or minus a normal that is known to be positive |
    | "component" | factor z: an error component, whose mean is 0 |
    | "fixed" | mean; its row of `factor` is zero |

    With `price`, the number of an attribute, tastes are willingness to pay for all others: somebody of price
    coefficient b and worths w has coefficients -b w.

    Examples
    --------
    >>> tastes = TasteDistribution(("negative", "normal"), np.array([0.0, 1.0]), np.diag([0.5, 2.0]))
    >>> tastes.means.round(3), tastes.sds.round(3)
    (array([-1.133,  1.   ]), array([0.604, 2.   ]))
    >>> tastes.coefficients(np.zeros((1, 2)))
    array([[-1.,  1.]])

    In money:

    >>> TasteDistribution(("negative", "normal"), np.array([0.7, 3.0]), np.eye(2), price=0).coefficients(np.zeros(2))
    array([-2.01375271,  6.04125812])
    """

    kinds: tuple[str, ...]
    mean: Array  # (n_attributes,)
    factor: Array  # (n_attributes, n_attributes), lower triangular
    price: int | None = None

    def __post_init__(self) -> None:
        kinds = tuple(map(str, names_of("kinds", self.kinds)))
        mean, factor, size = finite("mean", self.mean), finite("factor", self.factor), len(kinds)
        for kind in kinds:
            if kind not in KINDS:
                raise ProblemError(f"kinds has {kind!r}: use {', '.join(map(repr, KINDS))}")
        if mean.shape != (size,) or factor.shape != (size, size):
            raise ProblemError(
                f"mean has shape {mean.shape} and factor {factor.shape}; expected ({size},) and ({size}, {size}), one "
                "per kind"
            )
        for name, value in {"kinds": kinds, "mean": mean, "factor": factor}.items():
            object.__setattr__(self, name, value)
        if self.price is not None:
            object.__setattr__(self, "price", whole("price", self.price))
        if self.price is not None and not (0 <= self.price < size and self.kinds[self.price] in OF_A_PRICE):
            raise ProblemError(
                f"price is {self.price}: number an attribute from 0 to {size - 1} that varies as "
                f"{listed(OF_A_PRICE)}, so that everybody minds paying"
            )

    @classmethod
    def standard(cls, kinds: tuple[str, ...]) -> TasteDistribution:
        """Mean zero and unit factor: `coefficients` of it is g itself where g is of mean + factor z."""
        return cls(kinds, np.zeros(len(kinds)), np.eye(len(kinds)))

    @property
    def mixings(self) -> tuple[Mixing, ...]:
        """How each taste varies."""
        return tuple(MIXINGS[kind] for kind in self.kinds)

    @property
    def sign(self) -> Array:
        """-1 where all tastes are negative, else 1; (n_attributes,)."""
        return np.array([-1.0 if mixing.sign < 0 else 1.0 for mixing in self.mixings])

    @property
    def is_lognormal(self) -> NDArray[np.bool_]:
        """Whether the taste is the exponential of a normal; (n_attributes,) of bool."""
        return np.array([mixing.is_log for mixing in self.mixings])

    @property
    def covariance(self) -> Array:
        """Covariance of factor z: of normal tastes, or of the logarithms of others; (n_attributes, n_attributes)."""
        return np.asarray(self.factor @ self.factor.T)

    @property
    def spread(self) -> Array:
        """Standard deviation of factor z; (n_attributes,)."""
        return np.asarray(np.sqrt((self.factor**2).sum(axis=1)))

    # ---- draws ----

    def coefficients(self, normals: Array) -> Array:
        """Coefficients, in utility, of people whose standard normals are (..., n_attributes)."""
        return in_utility(self.tastes(normals), self.price)

    def tastes(self, normals: Array) -> Array:
        """Tastes of people whose standard normals are (..., n_attributes): coefficients, or worths with `price`."""
        if normals.shape[-1:] != self.mean.shape or not np.isfinite(normals).all():
            raise ProblemError(f"normals has shape {normals.shape}; expected finite numbers, (..., {len(self.kinds)})")
        return slopes_of(self, normals).tastes

    def draw(self, n_people: Count, *, rng: np.random.Generator) -> Array:
        """Coefficients, in utility, of `n_people` people drawn from the population; (size, n_attributes)."""
        return self.coefficients(rng.standard_normal((n_people, len(self.kinds))))

    # ---- moments ----

    @property
    def _moments(self) -> list[Moments]:
        parts = zip(self.mixings, self.mean, self.spread, strict=True)
        return [mixing.moments(float(mean), float(spread)) for mixing, mean, spread in parts]

    @property
    def means(self) -> Array:
        """Mean taste of the population; (n_attributes,)."""
        return np.array([moments.mean for moments in self._moments])

    @property
    def sds(self) -> Array:
        """Standard deviation of each taste over the population; (n_attributes,)."""
        return np.array([moments.sd for moments in self._moments])

    def moments_jacobian(self, rows: Integers, columns: Integers) -> Array:
        """Derivative of (means, sds) in (mean, factor[rows, columns]); (2 n_attributes, n_attributes + n_entries).

        dspread/dfactor[k, l] = factor[k, l] / spread. An estimate of no variation at all has no standard error: not a
        number.
        """
        size = len(self.kinds)
        apart = rows.ndim != 1 or rows.shape != columns.shape
        if apart or not set(rows.tolist() + columns.tolist()) <= set(range(size)):
            raise ProblemError(f"rows and columns must be equally many numbers from 0 to {size - 1}")
        own = rows == np.arange(size)[:, np.newaxis]  # (n_attributes, n_entries)
        with np.errstate(invalid="ignore"):
            direction = self.factor[rows, columns] / self.spread[rows]
        blocks = []
        for slopes in zip(*[(moments.mean_in, moments.sd_in) for moments in self._moments], strict=True):
            in_mean, in_spread = np.array(slopes).T
            moved = own & (in_spread != 0)[:, np.newaxis]
            blocks.append([np.diag(in_mean), np.where(moved, in_spread[:, np.newaxis] * direction, 0.0)])
        return np.block(blocks)


def slopes_of(distribution: TasteDistribution, normals: Array) -> Slopes:
    """Tastes of people whose standard normals are (..., n_attributes), with derivatives."""
    tastes = np.asarray(normals @ distribution.factor.T)
    found = Slopes(tastes, {}, {}, {})
    parts = zip(distribution.mixings, distribution.mean, distribution.spread, strict=True)
    for k, (mixing, mean, spread) in enumerate(parts):
        draws = mixing.at(float(mean), tastes[..., k], float(spread))
        tastes[..., k] = draws.value
        if mixing.at is not plain:
            for part, slope in zip(found[1:], draws[1:], strict=True):
                part[k] = np.asarray(slope)
    return found


def in_utility(tastes: Array, price: int | None) -> Array:
    """Coefficients of people with these tastes; (..., n_attributes)."""
    if price is None:
        return tastes
    coefficients = -tastes * tastes[..., [price]]
    coefficients[..., price] = tastes[..., price]
    return np.asarray(coefficients)


def from_utility(slope: Array, tastes: Array, price: int | None) -> Array:
    """A derivative in coefficients as one in tastes; (..., n_attributes)."""
    if price is None:
        return slope
    others = np.arange(tastes.shape[-1]) != price
    found = -slope * tastes[..., [price]]
    found[..., price] = slope[..., price] - (slope[..., others] * tastes[..., others]).sum(axis=-1)
    return np.asarray(found)


def kinds_of(random: str | Mapping[str, str], names: Sequence[str], price: str | None = None) -> tuple[str, ...]:
    """How each taste varies, from one word for all or a mapping by attribute; others are normal.

    A price that others are worth something in is "negative" unless the mapping says otherwise, or nothing varies.

    Examples
    --------
    >>> kinds_of({"price": "negative"}, ("price", "speed"))
    ('negative', 'normal')
    >>> kinds_of("uniform", ("price", "speed"), price="price")
    ('negative', 'uniform')
    """
    by_name = dict.fromkeys(names, random) if isinstance(random, str) else {name: random[name] for name in random}
    for name, kind in by_name.items():
        if name not in names:
            raise ProblemError(f"random names {name!r}, which is no attribute: use {listed(names)}")
        if kind not in KINDS:
            raise ProblemError(f"random[{name!r}] is {kind!r}: use {', '.join(map(repr, KINDS))}")
    if price is not None:
        if price not in names:
            raise ProblemError(f"wtp is {price!r}, which is no attribute: use {listed(names)}")
        if random != "fixed" and (isinstance(random, str) or price not in by_name):
            by_name[price] = "negative"
        if by_name[price] not in OF_A_PRICE:
            raise ProblemError(
                f"random[{price!r}] is {by_name[price]!r}, so somebody may like paying, and nothing has a worth in "
                f"money to them: use {', '.join(map(repr, OF_A_PRICE))}"
            )
    return tuple(by_name.get(name, "normal") for name in names)


def choices_of(data: ChoiceData, coefficients: Array, rng: np.random.Generator) -> ChoiceData:
    """The situations of `data`, chosen from anew by people with the given coefficients, (n_people, n_attributes)."""
    utility = np.einsum("njk,nk->nj", data.attributes, coefficients[data.person_index])
    noisy = utility + rng.gumbel(size=utility.shape)  # the best option under Gumbel noise is a logit choice
    reach = noisy if data.available is None else np.where(data.available, noisy, -np.inf)
    return replace(data, choice=reach.argmax(axis=1))


@checked
class DrawnPeople:
    """A model whose people are drawn, as many as one asks for."""

    data: ChoiceData

    if TYPE_CHECKING:

        @property
        def names(self) -> tuple[str, ...]: ...
        def draw_people(self, n_people: Count, *, rng: np.random.Generator) -> Array: ...

    def simulate(self, data: ChoiceData | None = None, *, rng: np.random.Generator) -> ChoiceData:
        """Choices of new people with these tastes, in the situations of `data` (those of the fit by default)."""
        data = self.data if data is None else data
        return choices_of(data, self.draw_people(data.n_people, rng=rng), rng)

    def screening_problem(
        self,
        *,
        price: str,
        n_types: int,
        rng: np.random.Generator,
        goods: Sequence[str] | None = None,
        n_draws: Count = 10_000,
        **fields: Any,
    ) -> ScreeningProblem:
        """The problem of whoever designs a menu for this population, with a few types that stand for it.

        Parameters
        ----------
        price : attribute that becomes the transfer; everybody must mind paying it, so fit it "negative" or "fixed"
        n_types : how many types; see `inference.logit.quantisation` for what they keep
        rng : draws the people
        goods : attributes that a contract can vary; by default all others
        n_draws : people drawn
        fields : cost, domain and the other fields of ScreeningProblem, in the units of the data

        Raises
        ------
        ProblemError
            If somebody does not mind paying, or the fields make no problem.
        """
        people = self.draw_people(n_draws, rng=rng)
        return screening_problem_of(
            people, self.names, price=price, goods=goods, n_types=n_types, rng=rng, fields=fields
        )
