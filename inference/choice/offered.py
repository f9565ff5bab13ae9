"""What agents choose between: the utility of every option to every type, the outside option last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.rationals import ExactUtilities, utility_error
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem


@checked
@dataclass(frozen=True, eq=False)
class ChoiceSet:
    """The options of one round and what they are worth to every type and to the principal.

    Attributes
    ----------
    utility : (n_types, n_options + 1) array, money; the outside option last, -inf for an option out of reach.
        Choices depend on differences only: each type's utility is measured from its best option
    payoff : (n_types, n_options + 1) array, money; what the principal earns if the type takes the option
    labels : names of the types
    weights : (n_types,) shares of the types, what is believed before any choice; equal if left out

    Examples
    --------
    >>> from contracts import ScreeningProblem
    >>> problem = ScreeningProblem([1.0, 2.0], labels=("low", "high"))
    >>> offer = choice_set(problem, allocations=[[1.0], [2.0]], transfers=[0.5, 2.0])
    >>> offer.utility          # low is indifferent between the second option and staying out
    array([[ 0. , -0.5, -0.5],
           [-0.5,  0. , -2. ]])
    """

    utility: Array
    payoff: Array
    labels: Sequence[str]
    weights: Array | None = None

    def __post_init__(self) -> None:
        for name in ("utility", "payoff"):
            array = finite(name, getattr(self, name))
            if array.ndim != 2 or len(array) != len(self.labels) or array.shape[1] == 0:
                raise ProblemError(
                    f"{name} has shape {array.shape}; expected ({len(self.labels)}, n_options + 1), one row per type"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.utility.shape != self.payoff.shape:
            raise ProblemError(f"utility has shape {self.utility.shape}, payoff {self.payoff.shape}; make them one")
        given = np.full(len(self.labels), 1 / len(self.labels)) if self.weights is None else self.weights
        shares = finite("weights", given)
        if shares.shape != (len(self.labels),):
            raise ProblemError(f"weights has shape {shares.shape}; expected one share per type, ({len(self.labels)},)")
        object.__setattr__(self, "weights", shares)

    @property
    def n_types(self) -> int:
        return int(self.utility.shape[0])

    @property
    def n_options(self) -> int:
        """Options on offer, the outside option not counted."""
        return int(self.utility.shape[1]) - 1

    @cached_property
    def key(self) -> bytes:
        """The same for choice sets that are worth the same, to the bit, to every type and to the principal."""
        return self.utility.tobytes() + self.payoff.tobytes()


@checked(own=("offer",))
def choice_set(offer: Menu | ScreeningProblem | ChoiceSet, allocations: Any = None, transfers: Any = None) -> ChoiceSet:
    """What the types of a menu, or of a problem with these contracts, choose between.

    Utilities keep the exact order: the best options of a type are worth exactly 0, ties included, and every other
    option less than 0, however little it falls short.

    Parameters
    ----------
    offer : a Menu; a ScreeningProblem, with the contracts in `allocations` and `transfers`; a ChoiceSet
        is its own, and what has one in its attribute `choice_set`, as an AskingMenu, stands for it
    allocations, transfers : (n_options, n_goods) and (n_options,), transfers positive from agent to principal.
        One contract is a take-it-or-leave-it offer. Transfers may be left out where there are none

    Raises
    ------
    ProblemError
        If the contracts do not fit the problem, or the problem says who can mimic whom (`mimics`): then types choose
        from different lists.
    """
    offer = getattr(offer, "choice_set", offer)  # an AskingMenu has its own
    if isinstance(offer, ChoiceSet):
        return offer
    check_one_list(offer.problem if isinstance(offer, Menu) else offer)
    if isinstance(offer, Menu):
        if allocations is not None or transfers is not None:
            raise ProblemError("a menu has its own contracts: pass menu.problem to offer others")
        return _of_menu(offer)
    if not isinstance(offer, ScreeningProblem):
        raise ProblemError(f"menu is {type(offer).__name__}: give a Menu, or a ChoiceSet made by choice_set(...)")
    if allocations is None:
        raise ProblemError("a problem alone offers nothing: pass a menu, or its contracts in allocations and transfers")
    amounts = finite("allocations", allocations)
    if amounts.ndim == 1 and offer.n_goods == 1:
        amounts = amounts[:, np.newaxis]
    if amounts.ndim != 2 or amounts.shape[1] != offer.n_goods:
        raise ProblemError(f"allocations has shape {amounts.shape}; expected (n_options, {offer.n_goods})")
    paid = np.zeros(len(amounts)) if transfers is None else finite("transfers", transfers)
    if paid.shape != (len(amounts),):
        raise ProblemError(f"transfers has shape {paid.shape}; expected one per option, ({len(amounts)},)")
    return _of_contracts(offer, amounts, paid)


def check_one_list(problem: Any) -> None:
    """Refuse problems in which not everybody can take every contract: choices tell of tastes and of access there."""
    if getattr(problem, "mimics", None) is not None:
        raise ProblemError(
            "types choose from different lists of options, because the problem has mimics: leave mimics out, or use "
            "menu.choice_probabilities(..., types=...)"
        )


def _of_menu(menu: Menu) -> ChoiceSet:
    """The options of a menu, lotteries over being served among them."""
    program = menu.problem.program
    if not program.excludes:
        return _of_contracts(menu.problem, *menu.options)
    found = _of_contracts(program, *menu.contracts)
    return replace(found, labels=menu.problem.labels)


def _of_contracts(problem: ScreeningProblem, allocations: Array, transfers: Array) -> ChoiceSet:
    values, contracts, paid = _with_outside(problem, allocations, transfers)
    own = contracts[:, : problem.n_goods]
    payoff = problem.principal_values @ own.T - problem.costs_of(own) + paid
    if problem.outside_option is None:
        payoff[:, -1] = 0.0  # whoever leaves takes no allocation, not even a free one
    return ChoiceSet(shortfalls(values, contracts, paid), payoff, problem.labels, problem.weights)


def _with_outside(problem: ScreeningProblem, allocations: Array, transfers: Array) -> tuple[Array, Array, Array]:
    """Valuations and contracts, the outside option last; as one unit of one more good if it is worth money."""
    paid = np.append(transfers, 0.0)
    if problem.outside_option is not None:
        return problem.valuations, np.vstack([allocations, problem.outside_option]), paid
    values = np.column_stack([problem.valuations, problem.reservation_utility])
    bare = np.column_stack([allocations, np.zeros(len(allocations))])
    return values, np.vstack([bare, np.append(np.zeros(problem.n_goods), 1.0)]), paid


def shortfalls(valuations: Array, allocations: Array, transfers: Array) -> Array:
    """Utility of every option minus that of the type's best, with an exact sign; (n_types, n_options), at most 0.

    Floating point decides what its error bound allows; what lies closer to the best is computed again in integers.

    Examples
    --------
    0.1 + 0.2 and 0.3 are different floats, and one of them is dearer:

    >>> shortfalls(np.array([[1.0]]), np.array([[1.0], [1.0]]), np.array([0.3, 0.1 + 0.2]))
    array([[ 0.00000000e+00, -5.55111512e-17]])
    """
    utility = valuations @ allocations.T - transfers
    short = utility - utility.max(axis=1, keepdims=True)
    doubtful = short >= -2 * utility_error(valuations, allocations, transfers)[:, np.newaxis]
    exact = ExactUtilities(valuations, allocations, transfers)
    for who in np.flatnonzero(doubtful.sum(axis=1) > 1):
        options = np.flatnonzero(doubtful[who])
        utilities = exact.at(np.full(len(options), who), options)
        best = max(utilities)
        short[who, options] = [exact.as_float(one - best) for one in utilities]
    return np.asarray(short)
