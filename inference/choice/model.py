"""How an agent chooses: the probability of every option, given what each is worth to the agent."""

from __future__ import annotations

import math
from dataclasses import field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import NOT_NUMBERS, Array, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass

Integers = NDArray[np.int64]


@runtime_checkable
class ChoiceModel(Protocol):
    """Choice probabilities as a function of utilities; subclass it and write `log_likelihood` to bring your own.

    Only differences of utilities matter, so utilities may be measured from any point, another one for every agent.
    A utility of minus infinity marks an option out of reach.
    """

    def log_likelihood(self, utility: Any) -> Array:
        """Log probability of every option; (..., n_options) utilities in money to (..., n_options)."""
        ...

    def probabilities(self, utility: Any) -> Array:
        """Probability of every option; (..., n_options), the last axis sums to 1."""
        return np.asarray(np.exp(self.log_likelihood(utility)))

    def simulate(self, utility: Any, *, rng: np.random.Generator) -> Integers:
        """One choice for every leading index: the number of the option; (...)."""
        cumulative = np.cumsum(self.probabilities(utility), axis=-1)
        cumulative /= cumulative[..., -1:]  # so that no draw falls behind the last option that is within reach
        drawn = generator(rng).random(cumulative.shape[:-1])
        return np.asarray((drawn[..., np.newaxis] >= cumulative).sum(axis=-1), dtype=np.int64)


@checked
@dataclass(frozen=True)
class Logit(ChoiceModel):
    """Multinomial logit: log p_k = u_k / temperature - log sum_l exp(u_l / temperature) (McFadden 1974).

    Parameters
    ----------
    temperature : money, positive; the scale of the Gumbel noise in utility. `BestResponse` is its limit at zero.

    Raises
    ------
    ProblemError
        If the temperature is not a positive number.

    Examples
    --------
    >>> Logit(temperature=0.5).probabilities([[0.0, 0.0], [0.5, 0.0]]).round(3)
    array([[0.5  , 0.5  ],
           [0.731, 0.269]])
    """

    temperature: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", _nonnegative("temperature", self.temperature))
        if self.temperature == 0:
            raise ProblemError("temperature is 0.0: use BestResponse(), the limit of logit without noise")

    def log_likelihood(self, utility: Any) -> Array:
        with np.errstate(over="ignore"):  # what overflows is a log probability below -1e308
            scaled = _shortfall(checked_utility(utility)) / self.temperature
            scaled = scaled + scaled
        return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True)))


@checked
@dataclass(frozen=True)
class BestResponse(ChoiceModel):
    """The best option, exactly; options that tie for the best are equally likely.

    Utilities are compared as they are given, to the last bit. Those of a `ChoiceSet` are exact in this sense: an
    option that ties for a type has the same float as the best, and one that falls short by anything has another.

    Examples
    --------
    >>> BestResponse().probabilities([[1.0, 2.0, 2.0]])
    array([[0. , 0.5, 0.5]])
    """

    def log_likelihood(self, utility: Any) -> Array:
        utility = checked_utility(utility)
        best = utility == utility.max(axis=-1, keepdims=True)
        share = -np.log(best.sum(axis=-1, keepdims=True))
        return np.where(best, share, -np.inf)


@checked(own=("base",))
@dataclass(frozen=True)
class Tremble(ChoiceModel):
    """With probability `rate` any option within reach, all equally likely; else the choice of the base model.

    Parameters
    ----------
    rate : probability between 0 and 1
    base : the ChoiceModel of a steady hand; by default the best response (the trembling hand of Selten 1975)

    Raises
    ------
    ProblemError
        If the rate is not a probability, or the base is not a choice model.

    Examples
    --------
    >>> Tremble(rate=0.1).probabilities([[0.0, 1.0]])
    array([[0.05, 0.95]])
    """

    rate: float
    base: ChoiceModel = field(default_factory=BestResponse)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _nonnegative("rate", self.rate))
        if self.rate > 1:
            raise ProblemError(f"rate is {self.rate}: a tremble has a probability between 0 and 1")
        check_choice_model(self.base, "base")

    def log_likelihood(self, utility: Any) -> Array:
        utility = checked_utility(utility)
        within_reach = utility > -np.inf
        with np.errstate(divide="ignore"):  # a rate of 0 or 1 leaves one of the two
            steady = np.log1p(-self.rate) + self.base.log_likelihood(utility)
            shaken = np.log(self.rate) - np.log(within_reach.sum(axis=-1, keepdims=True))
        return np.logaddexp(steady, np.where(within_reach, shaken, -np.inf))


@checked
@dataclass(frozen=True)
class AcceptReject(ChoiceModel):
    """Take it or leave it: one offer, the outside option last.

    The offer is accepted if what it gains over the outside option, plus logistic noise, is not negative. Without
    noise an indifferent agent accepts, as in the equilibria of bargaining and as the principal would wish.

    Parameters
    ----------
    temperature : money, not negative; the scale of the noise. 0: none

    Raises
    ------
    ProblemError
        If the temperature is not a number from 0 on, or if utilities are not those of two options.

    Examples
    --------
    >>> AcceptReject().probabilities([[1.0, 1.0], [0.9, 1.0]])
    array([[1., 0.],
           [0., 1.]])
    >>> AcceptReject(temperature=1.0).log_acceptance([0.0, 1.0]).round(3)
    array([-0.693, -0.313])
    """

    temperature: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", _nonnegative("temperature", self.temperature))

    def log_likelihood(self, utility: Any) -> Array:
        utility = checked_utility(utility)
        if utility.shape[-1] != 2:
            raise ProblemError(
                f"AcceptReject is asked about {utility.shape[-1]} options: it chooses between one offer and the "
                "outside option; use Logit or BestResponse for menus"
            )
        if self.temperature > 0:
            return Logit(self.temperature).log_likelihood(utility)
        accepts = utility[..., :1] >= utility[..., 1:]
        return np.where(np.concatenate([accepts, ~accepts], axis=-1), 0.0, -np.inf)

    def log_acceptance(self, gain: Any) -> Array:
        """Log probability that an offer is accepted that gains so much over the outside option; any shape."""
        gain = _numbers("gain", gain)  # minus infinity: out of reach
        return self.log_likelihood(np.stack([gain, np.zeros_like(gain)], axis=-1))[..., 0]


def check_choice_model(model: Any, name: str = "choice_model") -> None:
    """Refuse what cannot give log likelihoods, such as a class without its parentheses."""
    if isinstance(model, type) or not callable(getattr(model, "log_likelihood", None)):
        what = f"the class {model.__name__}" if isinstance(model, type) else f"{type(model).__name__} {model!r}"
        raise ProblemError(
            f"{name} is {what}: use Logit(temperature), BestResponse(), Tremble(rate), AcceptReject(), or an object "
            "with the method log_likelihood"
        )


def checked_utility(utility: Any) -> Array:
    """Utilities as floats, at least one option within reach everywhere; minus infinity where there is none."""
    array = _numbers("utility", utility)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ProblemError(f"utility has shape {array.shape}; expected (..., n_options) with at least one option")
    if not (array < np.inf).all():
        where = tuple(int(k) for k in np.argwhere(~(array < np.inf))[0])
        place = ", ".join(map(str, where))
        raise ProblemError(f"utility[{place}] is {array[where]}: give a number, or -inf for an option out of reach")
    nowhere = np.argwhere((array == -np.inf).all(axis=-1))
    if len(nowhere):
        raise ProblemError(f"utility[{', '.join(map(str, nowhere[0]))}] is -inf for every option: leave one in reach")
    return array


def _numbers(name: str, values: Any) -> Array:
    """Floats, which may be infinite."""
    try:
        raw = np.asarray(values)
        if raw.dtype.kind in NOT_NUMBERS:
            raise TypeError(f"it holds {NOT_NUMBERS[raw.dtype.kind]}")
        if np.any(np.ma.getmask(values)):
            raise TypeError("entries are masked")
        return raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"{name} is not an array of numbers ({exc}): give (..., n_options)") from exc


def _shortfall(utility: Array) -> Array:
    """Half of what each option is worth less than the best: halves of floats do not overflow when subtracted."""
    halves = utility / 2
    return np.asarray(halves - halves.max(axis=-1, keepdims=True))


def _nonnegative(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as exc:
        raise ProblemError(f"{name} is {value!r}: give one number") from exc
    if not 0 <= number < math.inf:
        raise ProblemError(f"{name} is {number}: give a finite number, not negative")
    return number
