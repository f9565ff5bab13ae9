"""Menus, mechanisms and hidden actions as Hypothesis draws them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.utility import CARA, CRRA, Log, RiskNeutral, SquareRoot
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.screening import ScreeningProblem
from contracts.testing.agents import Profile
from contracts.testing.parts import MONEY_SIMPLE_FIRST, moved
from contracts.testing.screening import Switches, chosen, counts, problems

UtilityName = Literal["neutral", "log", "root", "crra", "cara"]


# ---- menus ----


class DrawnMenu(NamedTuple):
    """A problem, and contracts that its types choose for themselves."""

    problem: ScreeningProblem
    allocation: Array  # (n_types, n_goods)
    transfer: Array  # (n_types,)


@checked
def menus(
    problem: ScreeningProblem | None = None,
    *,
    n_options: tuple[int, int] = (1, 3),
    n_types: tuple[int, int] | None = None,
    n_goods: tuple[int, int] | None = None,
    labels: Sequence[str] | None = None,
    goods: Sequence[str] | None = None,
    ties: bool = True,
    near_ties: bool = True,
    tiny_weights: bool = True,
    ironing: bool = True,
    scales: bool = True,
    reservation_utilities: bool = True,
) -> st.SearchStrategy[DrawnMenu]:
    """Menus that are exactly IC and IR, each with its problem, and hardly ever optimal.

    A list of options is drawn, with the outside option where there is one, and every type is given its best of them.

    Parameters
    ----------
    problem : that all menus are for, without side constraints, of its own transfers; by default drawn by `problems`, of
        the kinds "line" and "plain", with the other arguments
    n_options : (fewest, most) options beside the outside option

    Raises
    ------
    ProblemError
        If a range is empty, or there are fewer names than types or goods may be.

    Examples
    --------
    >>> from hypothesis import find
    >>> drawn = find(menus(labels=("low", "high"), n_types=(2, 2)), lambda drawn: np.ptp(drawn.transfer) > 0)
    >>> drawn.problem.labels
    ('low', 'high')
    """
    n_options = counts("n_options", n_options, (1, 3))
    drawn = problems(
        kinds=("line", "plain"), n_types=n_types, n_goods=n_goods, labels=labels, goods=goods, ties=ties,
        near_ties=near_ties, tiny_weights=tiny_weights, ironing=ironing, scales=scales,
        reservation_utilities=reservation_utilities,
    )  # fmt: skip
    return _menus(drawn if problem is None else st.just(problem), n_options)


@st.composite
def _menus(draw: Any, drawn: st.SearchStrategy[ScreeningProblem], n_options: tuple[int, int]) -> DrawnMenu:
    problem = draw(drawn)
    size = draw(st.integers(*n_options))
    amounts = st.sampled_from([0.0, 1.0, 2.0, 3.0, 0.5, 0.25])
    wanted = np.array([[draw(amounts) for _ in range(problem.n_goods)] for _ in range(size)])
    allocations = problem.domain.clip(wanted)
    worth = problem.valuations @ allocations.T
    shares_of_worth = np.array([draw(st.sampled_from([0.0, 1.0, 0.5, 1.25])) for _ in range(size)])
    transfers = np.clip(worth.mean(axis=0) * shares_of_worth, *problem.transfer_limits)
    return DrawnMenu(problem, *chosen(problem, allocations, transfers))


# ---- mechanisms ----


@dataclass(frozen=True, eq=False, repr=False)
class DrawnMechanism(Tabular):
    """A mechanism as a table: the outcome of every profile of reports. Call it, or hand it to `check_mechanism`.

    Attributes
    ----------
    types : of one agent, by name; of several, by agent and name
    outcomes : (allocation, transfer), or one of each per agent, by the numbers of the agents' types
    is_one : whether there is one agent, whose report comes without a list

    Examples
    --------
    >>> posted = DrawnMechanism({"low": 1, "high": 2}, {(0,): (0, 0), (1,): (1, 2)}, is_one=True)
    >>> posted(2)
    (1, 2)
    >>> print(posted)
    reports  allocation  transfer
    low      0           0
    high     1           2
    """

    types: Mapping[str, Any]
    outcomes: Mapping[Profile, tuple[Any, Any]]
    is_one: bool

    def __call__(self, reports: Any) -> tuple[Any, Any]:
        """The outcome of reports."""
        rows = [self.types] if self.is_one else list(self.types.values())
        said = [reports] if self.is_one else reports
        return self.outcomes[tuple(list(row.values()).index(one) for row, one in zip(rows, said, strict=True))]

    def _table(self) -> Table:
        rows = [self.types] if self.is_one else list(self.types.values())
        said = [", ".join(list(row)[k] for row, k in zip(rows, p, strict=True)) for p in self.outcomes]
        allocations, transfers = zip(*self.outcomes.values(), strict=True)
        return Table(
            [
                names("reports", said),
                Column("allocation", allocations, _amounts, left=True),
                Column("transfer", transfers, _amounts, left=True),
            ]
        )


def _amounts(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@checked
def mechanisms(
    *,
    n_agents: tuple[int, int] = (1, 2),
    n_types: tuple[int, int] | None = None,
    labels: Sequence[str] | None = None,
    broken: bool = False,
    ties: bool = True,
    near_ties: bool = False,
    scales: bool = False,
) -> st.SearchStrategy[DrawnMechanism]:
    """Mechanisms in which truth is a dominant strategy and nobody loses; or, broken, in which some lie pays.

    With one agent a menu from which types choose; with several an auction of one item in which bids count by weights,
    above a reserve, and winners pay the least that would have won. Numbers are whole, or fractions.

    Parameters
    ----------
    n_agents, n_types : (fewest, most)
    labels : names of types, the lowest first; by default numbers
    broken : one contract is sold so much cheaper that a lie pays; mechanisms then have at least two types
    ties : values that several agents may have, so that bids are equal
    near_ties : values a last digit apart
    scales : money in units from 1e-9 to 1e9

    Raises
    ------
    ProblemError
        If a range is empty, there are too few names, or broken mechanisms shall have one type only.

    Examples
    --------
    >>> from hypothesis import find
    >>> from contracts.testing import check_mechanism
    >>> print(find(mechanisms(n_agents=(1, 1), labels=("low", "middle", "high"), broken=True), lambda _: True))
    reports  allocation  transfer
    low      0           -1
    middle   0           0
    """
    n_agents = counts("n_agents", n_agents, (1, 2))
    n_types = counts("n_types", n_types, (1, 3), labels, "labels")
    if broken and n_types[1] < 2:
        raise ProblemError(f"n_types is {n_types}: a lie needs a second type, so let there be 2 or more, and names")
    return _mechanisms(n_agents, n_types, labels, broken=broken, ties=ties, near_ties=near_ties, scales=scales)


@st.composite
def _mechanisms(
    draw: Any, n_agents: tuple[int, int], n_types: tuple[int, int], labels: Sequence[str] | None, *, broken: bool,
    ties: bool, near_ties: bool, scales: bool,
) -> DrawnMechanism:  # fmt: skip
    count = draw(st.integers(*n_agents))
    money = Fraction(draw(st.sampled_from(MONEY_SIMPLE_FIRST if scales else (1.0,))))
    taken: set[Any] = set()
    values = []
    for _ in range(count):
        size = draw(st.integers(max(n_types[0], 2 if broken else 1), n_types[1]))
        free = [value for value in range(1, 12) if ties or value not in taken]
        assume(len(free) >= size)
        row = sorted(draw(st.lists(st.sampled_from(free), min_size=size, max_size=size, unique=True)))
        taken |= set(row)
        if near_ties and draw(st.booleans()):
            row = sorted({*row[:-1], moved(float(row[0]), 1)})
        values.append([money * Fraction(value) for value in row])
    named = [dict(zip(_labels(labels, len(row)), map(_plain, row), strict=True)) for row in values]
    known = draw(_menu(values[0])) if count == 1 else draw(_auction(values))
    if broken:
        draw(_spoilt(values, known))
    outcomes = {
        profile: (_plain(amounts[0]), _plain(paid[0])) if count == 1 else (_row(amounts), _row(paid))
        for profile, (amounts, paid) in known.items()
    }
    types = named[0] if count == 1 else {f"agent {k}": row for k, row in enumerate(named)}
    return DrawnMechanism(types, outcomes, is_one=count == 1)


Outcomes = dict[Profile, tuple[list[Fraction], list[Fraction]]]


@st.composite
def _menu(draw: Any, values: Sequence[Fraction]) -> Outcomes:
    """The best of a few options for every type, the dearest of them if there are several."""
    unit = values[0]
    found: Outcomes = {}
    options = [(Fraction(), Fraction())]
    for _ in range(draw(st.integers(0, 3))):
        options.append((Fraction(draw(st.integers(0, 3))), unit * draw(st.integers(0, 9)) / 2))
    for k, value in enumerate(values):
        amount, price = max(options, key=lambda option: (value * option[0] - option[1], option[1]))
        found[(k,)] = ([amount], [price])
    return found


@st.composite
def _auction(draw: Any, values: Sequence[Sequence[Fraction]]) -> Outcomes:
    """One item for the largest weighted bid above a reserve, at the least bid that would have won."""
    weights = [Fraction(draw(st.integers(1, 2))) for _ in values]
    reserve = draw(st.sampled_from([Fraction(), *sorted({value for row in values for value in row})]))
    found = {}
    for profile in itertools.product(*(range(len(row)) for row in values)):
        bids = [weights[k] * values[k][own] for k, own in enumerate(profile)]
        winner = bids.index(max(bids))
        others = max((bid for k, bid in enumerate(bids) if k != winner), default=Fraction())
        sold = bids[winner] >= reserve
        won = [Fraction(sold and k == winner) for k in range(len(bids))]
        found[profile] = (won, [max(others, reserve) / weights[winner] * share for share in won])
    return found


@st.composite
def _spoilt(draw: Any, values: Sequence[Sequence[Fraction]], known: Outcomes) -> None:
    """Sells one contract so much cheaper that another type wants it, too."""
    who = draw(st.integers(0, len(values) - 1))
    profile = draw(st.sampled_from(list(known)))
    liars = []
    for own in range(len(values[who])):
        if own != profile[who]:
            truth = (*profile[:who], own, *profile[who + 1 :])
            liars.append(_utility(values, known, who, own, truth) - _utility(values, known, who, own, profile))
    known[profile][1][who] -= min(liars) + values[who][0]


def _utility(values: Sequence[Sequence[Fraction]], known: Outcomes, who: int, own: int, profile: Profile) -> Fraction:
    amounts, paid = known[profile]
    return values[who][own] * amounts[who] - paid[who]


def _labels(labels: Sequence[str] | None, count: int) -> list[str]:
    return [str(k) for k in range(count)] if labels is None else list(labels[:count])


def _plain(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value


def _row(values: Sequence[Fraction]) -> tuple[int | Fraction, ...]:
    return tuple(map(_plain, values))


# ---- hidden action ----


@checked
def moral_hazard_problems(
    *,
    n_actions: tuple[int, int] | None = None,
    n_outcomes: tuple[int, int] | None = None,
    utilities: Sequence[UtilityName] = ("neutral", "log", "root", "crra", "cara"),
    actions: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    ties: bool = True,
    near_ties: bool = False,
    tiny_weights: bool = False,
    scales: bool = False,
    reservation_utilities: bool = False,
) -> st.SearchStrategy[MoralHazardProblem]:
    """Hidden actions with limited liability, small problems first, under the names of actions and outcomes.

    Parameters
    ----------
    n_actions, n_outcomes : (fewest, most)
    utilities : of agents, the first one the simplest
    ties : actions that cost the same
    near_ties : actions that cost the same but for a last digit
    tiny_weights : outcomes with chances down to 1e-12
    scales : outputs in units of money from 1e-9 to 1e9, and effort as well, of an agent who is risk neutral
    reservation_utilities : agents who have less elsewhere than the usual

    Raises
    ------
    ProblemError
        If a range is empty, there are too few names, or no utility is left.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(moral_hazard_problems(actions=("shirk", "work"), n_actions=(2, 2)), lambda problem: True).actions
    ('shirk', 'work')
    """
    n_actions = counts("n_actions", n_actions, (1, 4), actions, "actions")
    n_outcomes = counts("n_outcomes", n_outcomes, (1, 4), outcomes, "outcomes")
    if not len(utilities) or not set(utilities) <= set(UTILITIES):
        raise ProblemError(f"utilities is {list(utilities)!r}: give some of {', '.join(map(repr, UTILITIES))}")
    switches = Switches(
        ties=ties, near_ties=near_ties, tiny_weights=tiny_weights, scales=scales,
        reservation_utilities=reservation_utilities, is_simple=True,
    )  # fmt: skip
    return _moral_hazard(n_actions, n_outcomes, utilities, actions, outcomes, switches)


UTILITIES: dict[str, tuple[Any, float, float]] = {  # with a reservation utility, and a unit of effort that suits it
    "neutral": (RiskNeutral(), 0.5, 1.0),
    "log": (Log(1.0), 0.5, 1.0),
    "root": (SquareRoot(), 1.0, 1.0),
    "crra": (CRRA(2.0, 1.0), -0.8, 0.2),
    "cara": (CARA(0.5), -0.8, 0.3),
}


@st.composite
def _moral_hazard(
    draw: Any, n_actions: tuple[int, int], n_outcomes: tuple[int, int], utilities: Sequence[str],
    actions: Sequence[str] | None, outcomes: Sequence[str] | None, switches: Switches,
) -> MoralHazardProblem:  # fmt: skip
    rows, columns = draw(st.integers(*n_actions)), draw(st.integers(*n_outcomes))
    tallies = [[draw(st.integers(0, 9)) for _ in range(columns)] for _ in range(rows)]
    chances = np.array(tallies, dtype=float) + (np.sum(tallies, axis=1) == 0)[:, np.newaxis]
    if switches.ties:
        effort = np.array([draw(st.integers(0, 8)) for _ in range(rows)]) / 20
    else:
        effort = np.array(draw(st.lists(st.integers(0, 8), min_size=rows, max_size=rows, unique=True))) / 20
    output = [float(draw(st.integers(0, 30))) for _ in range(columns)]
    utility, reserve, unit = UTILITIES[draw(st.sampled_from(list(utilities)))]
    wages = draw(st.sampled_from([(0.0, np.inf), (0.0, 40.0)]))
    if switches.tiny_weights and columns > 1 and draw(st.booleans()):
        chances[0, 0] = draw(st.sampled_from([1e-3, 1e-6, 1e-12])) * chances[0].sum()
        chances[0, -1] += 1.0
    if switches.near_ties and rows > 1 and draw(st.booleans()):
        effort[-1] = moved(effort[0], 1)
    if switches.reservation_utilities:
        reserve -= draw(st.sampled_from([0.0, 0.25, 0.5]))
    if switches.scales:
        money = draw(switches.money)
        output = [money * each for each in output]
        if isinstance(utility, RiskNeutral):
            effort, reserve, wages = money * effort, money * reserve, (0.0, money * wages[1])
    return MoralHazardProblem(
        chances / chances.sum(axis=1, keepdims=True), output, effort * unit, utility, reserve, wages,
        None if actions is None else tuple(actions[:rows]), None if outcomes is None else tuple(outcomes[:columns]),
    )  # fmt: skip
