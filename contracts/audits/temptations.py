"""Who would rather have whose contract, by how much, which constraints bind, and what nobody wants."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from contracts.audits.offer import Offer
from contracts.exact.rationals import ExactUtilities, utility_error
from contracts.exact.relevance import row_blocks
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.participation import in_goods
from contracts.problem.screening import ScreeningProblem
from contracts.proof.verify import access_to, participation_slacks_of


@dataclass(frozen=True)
class Envy:
    """A type that gains by taking a contract that is not meant for it.

    Examples
    --------
    Too high a price for what is meant for the second type:

    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic(), labels=("low", "high"))
    >>> contracts.audit(problem, [[0.5], [2.0]], [0.5, 3.75]).envy
    (Envy(type='high', envied='low', gain=0.25),)
    """

    type: str
    envied: str  # the first type that the contract is meant for, or the outside option, or a row of a price list
    gain: float  # utility; its sign is exact


@dataclass(frozen=True)
class Binding:
    """A constraint without room.

    Examples
    --------
    Only the lower type is held where it is, by what it has without a contract:

    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic(), labels=("low", "high"))
    >>> found = contracts.audit(problem, [[0.5], [2.0]], [0.5, 3.25])
    >>> [one.constraint for one in found.binding(1e-9)]
    ["IC of 'low', tempted by 'the outside option'", "IR of 'low'"]
    """

    constraint: str
    slack: float  # in its own units


@dataclass(frozen=True)
class Domination:
    """An option that nobody takes, since another one is at least as good for every type, to rounding.

    Examples
    --------
    Nobody pays more for the same:

    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic(), labels=("low", "high"))
    >>> contracts.audit(problem, [[1.0], [1.0]], [1.0, 2.0], rows="options").dominated
    (Domination(option='option 2', by='option 1'),)
    """

    option: str
    by: str


def gains(program: ScreeningProblem, offer: Offer, least: float) -> Iterator[tuple[int, int, float]]:
    """(type, contract, gain) of every contract not meant for a type that it gains at least `least` by, signs exact."""
    amounts, transfers = offer.contracts
    values, amounts = in_goods(program.domain, program.valuations, amounts)
    access = access_to(program, offer.contracts, offer.meant)
    error = utility_error(values, amounts, transfers)
    exact = ExactUtilities(values, amounts, transfers)
    for rows in row_blocks(len(values), len(transfers)):
        types = np.arange(len(values))[rows]
        utility = values[types] @ amounts.T - transfers
        gain = utility - utility[np.arange(len(types)), offer.meant[types]][:, np.newaxis]
        near = gain >= np.minimum(least, 0.0) - 2 * error[types][:, np.newaxis]
        near[np.arange(len(types)), offer.meant[types]] = False
        if access is not None:
            near &= access[types]
        who, which = np.nonzero(near)
        who, found = types[who], gain[who, which]
        close = np.flatnonzero(np.abs(found) <= 2 * error[who])
        if close.size:
            apart = exact.at(who[close], which[close]) - exact.at(who[close], offer.meant[who[close]])
            found[close] = [exact.as_float(one) for one in apart]
        for i, k, size in zip(who.tolist(), which.tolist(), found.tolist(), strict=True):
            if size >= least:
                yield i, k, size


def envies(program: ScreeningProblem, offer: Offer) -> tuple[Envy, ...]:
    """Everybody who gains by another contract, the largest gains first."""
    found = [Envy(program.labels[i], offer.names[k], gain) for i, k, gain in gains(program, offer, 0.0) if gain > 0]
    return tuple(sorted(found, key=lambda one: -one.gain))


def bindings(program: ScreeningProblem, offer: Offer, within: float) -> tuple[Binding, ...]:
    """IC, IR, limits on transfers and rows that hold with at most `within` to spare."""
    allocation, transfer = offer.of_types(offer.meant)
    found = [
        Binding(f"IC of {program.labels[i]!r}, tempted by {offer.names[k]!r}", -gain + 0.0)
        for i, k, gain in gains(program, offer, -within)
        if gain <= 0
    ]
    found += _within("IR of", program.labels, participation_slacks_of(program, allocation, transfer), within)
    lowest, highest = program.transfer_limits
    found += _within("lowest transfer of", program.labels, transfer - lowest, within)
    found += _within("highest transfer of", program.labels, highest - transfer, within)
    rows = program.side_rows
    room = rows.limit - rows.activity(allocation, program.utility(allocation, transfer))
    found += [Binding(name, float(slack)) for name, slack in zip(rows.names, room, strict=True) if 0 <= slack <= within]
    return tuple(found)


def _within(what: str, labels: tuple[str, ...], slack: Array, within: float) -> list[Binding]:
    return [Binding(f"{what} {labels[k]!r}", float(slack[k])) for k in np.flatnonzero((slack >= 0) & (slack <= within))]


def dominated(program: ScreeningProblem, offer: Offer) -> tuple[Domination, ...]:
    """Options of a list that another option makes superfluous for every type."""
    amounts, transfers = offer.contracts
    error = 2 * utility_error(program.valuations, amounts, transfers)
    utility = program.valuations @ amounts.T - transfers
    found = []
    for option in idle_options(program, offer).tolist():
        better = (utility >= (utility[:, option] - error)[:, np.newaxis]).all(axis=0)
        better[option] = False
        if better.any():
            by = int(np.flatnonzero(better)[np.argmax(utility[:, better].sum(axis=0))])
            found.append(Domination(offer.names[option], offer.names[by]))
    return tuple(found)


def idle_options(program: ScreeningProblem, offer: Offer) -> Indices:
    """Contracts that are meant for nobody and that nobody takes; the outside contract is none of them."""
    used = np.concatenate([offer.meant, offer.taken, np.flatnonzero(program.outside.is_kept(*offer.contracts))])
    return np.setdiff1d(np.arange(len(offer.names)), used)
