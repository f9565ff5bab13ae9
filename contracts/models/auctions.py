"""Auctions: one side offers, several bidders or suppliers know their own values or costs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.names import distinct_names, one_name_each
from contracts.mechanisms.auctions.auction import Auction, accounts
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.auctions.virtual import ranked, winning_chances
from contracts.mechanisms.checks import listed_by_agent
from contracts.mechanisms.interim import Tables, interim_payments
from contracts.mechanisms.mechanism import Mechanism, given_mechanism
from contracts.mechanisms.numbers import Numbers, Rational, in_lowest_terms, rational
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.solve import solve_mechanism

MOST_PROFILES = 200_000  # of auctions that are written out


@checked
def myerson_auction(values: Any, probabilities: Any = None, *, cost: float = 0.0, bidders: Any = None) -> Auction:
    """The auction of one good that earns most: Myerson's, with ironing, for bidders who may differ.

    Parameters
    ----------
    values : a list with an array per bidder, money
    probabilities : a list with an array per bidder, chances of its values; equal ones if left out
    cost : money that the good is worth to the seller
    bidders : their names

    Raises
    ------
    ProblemError
        If values or chances make no sense.

    References
    ----------
    Myerson (1981), Optimal auction design, Mathematics of Operations Research 6.

    Examples
    --------
    >>> auction = myerson_auction([[1, 2], [1, 2]], [[0.5, 0.5], [0.5, 0.5]])
    >>> auction.value, auction.upper_bound
    (1.5, 1.5)

    Bulow & Klemperer (1996): one more bidder is worth more than the best reserve price.

    >>> grid = [k / 20 for k in range(1, 21)]
    >>> round(myerson_auction([grid] * 2).value, 4), round(second_price([grid] * 3).value, 4)
    (0.4537, 0.525)
    """
    return solve_mechanism(AuctionProblem(values, probabilities, cost=cost, bidders=bidders))


@checked
def multi_unit(
    values: Any, probabilities: Any = None, *, n_units: Count = 2, cost: float = 0.0, bidders: Any = None
) -> Auction:
    """The auction of identical units that earns most, where every bidder wants one.

    Parameters
    ----------
    values, probabilities, bidders : as in `myerson_auction`
    n_units : how many there are
    cost : money that each of them is worth to the seller

    Raises
    ------
    ProblemError
        If values or chances make no sense.

    References
    ----------
    Maskin & Riley (1989), Optimal multi-unit auctions.

    Examples
    --------
    Two units for two bidders are two posted prices:

    >>> multi_unit([[1, 2], [1, 3]], n_units=2).value
    2.5
    """
    return solve_mechanism(AuctionProblem(values, probabilities, n_units=n_units, cost=cost, bidders=bidders))


@checked
def second_price(values: Any, probabilities: Any = None, *, reserve: float = 0.0, bidders: Any = None) -> Mechanism:
    """The auction in which the highest bid wins and pays the second highest, or the reserve price.

    Ties go to whoever is named first. The bound is that of the best auction, so that the gap says what is lost.

    Parameters
    ----------
    values, probabilities, bidders : as in `myerson_auction`
    reserve : the lowest price

    Raises
    ------
    ProblemError
        If values or chances make no sense, or profiles are too many to be written out.

    References
    ----------
    Vickrey (1961), Counterspeculation, auctions, and competitive sealed tenders.

    Examples
    --------
    >>> auction = second_price([[1, 2], [1, 2]], reserve=2)
    >>> auction.value, auction.upper_bound, auction.certificate.is_exact
    (1.5, 1.5, True)
    """
    problem = _of_one_good(values, probabilities, bidders)
    table = problem.tabulated()
    reserve = number("reserve", reserve)
    bids = np.stack([array[table.type_at[k]] for k, array in enumerate(problem.values)])
    winner, price = _highest(bids, reserve)
    return _given(problem, table, winner, np.where(winner == np.arange(len(bids))[:, np.newaxis], price, 0.0))


@checked
def all_pay(values: Any, probabilities: Any = None, *, reserve: float = 0.0, bidders: Any = None) -> Mechanism:
    """The auction in which the highest type wins, and everybody pays what it bids, in equilibrium.

    What a type bids is what it would expect to pay in `second_price`: so revenue is the same (revenue equivalence), and
    truth is best in expectation, not whatever others do.

    Parameters
    ----------
    values, probabilities, reserve, bidders : as in `second_price`

    Raises
    ------
    ProblemError
        As `second_price`.

    References
    ----------
    Riley & Samuelson (1981), Optimal auctions. Baye, Kovenock & de Vries (1996), The all-pay auction.

    Examples
    --------
    >>> all_pay([[1, 2], [1, 2]]).interim_payments[0], second_price([[1, 2], [1, 2]]).interim_payments[0]
    (array([0.5, 1.5]), array([0.5, 1.5]))
    """
    problem = _of_one_good(values, probabilities, bidders)
    sealed = second_price(values, probabilities, reserve=reserve, bidders=bidders)
    table = problem.tabulated("bayesian", "interim")
    numbers = Numbers(table)
    rows = [interim_payments(numbers, sealed.exact.transfers, k) for k in range(table.n_agents)]
    unit = int(np.prod([row.unit for row in rows], dtype=object))
    paid = [row.numerators[table.type_at[k]] * (unit // row.unit) for k, row in enumerate(rows)]
    bid = in_lowest_terms(np.stack(paid), unit)
    return given_mechanism(table, Tables(sealed.exact.outcome, bid), _best(problem))


@checked
def procurement_auction(
    costs: Any, probabilities: Any = None, *, worth: Any, qualities: Any = None, suppliers: Any = None
) -> Auction | Mechanism:
    """A buyer procures one unit from suppliers whose costs it does not know, perhaps in one of several qualities.

    Parameters
    ----------
    costs : a list with an array per supplier, money; with qualities, money per unit of quality
    probabilities : a list with an array per supplier; equal chances if left out
    worth : money that the unit is worth to the buyer; with qualities, (n_qualities,), of each
    qualities : (n_qualities,) array; supplying q costs a supplier of cost c the amount c q
    suppliers : their names

    Raises
    ------
    ProblemError
        If costs, chances, worth or qualities make no sense.

    References
    ----------
    Myerson (1981) with signs turned; Che (1993), Design competition through multidimensional auctions.

    Examples
    --------
    Two suppliers with costs 1 and 2: the buyer rather pays 2 always than take the chance of none.

    >>> procurement_auction([[1, 2], [1, 2]], worth=4).value
    2.5

    In two qualities, Che's rule: dear suppliers deliver less than would be efficient, so as to spare rents.

    >>> procurement_auction([[1, 2], [1, 2]], worth=[4, 6.25], qualities=[1, 2]).value
    3.4375
    """
    tables = listed_by_agent("costs", costs)
    if qualities is None:
        values = [-finite(f"costs[{k}]", table) for k, table in enumerate(tables)]
        return solve_mechanism(AuctionProblem(values, probabilities, cost=-number("worth", worth), bidders=suppliers))
    levels, gains = finite("qualities", qualities), finite("worth", worth)
    if levels.ndim != 1 or gains.shape != levels.shape:
        raise ProblemError(f"worth has shape {gains.shape}, qualities {levels.shape}: give what each quality is worth")
    options = [(k, quality) for k in range(len(tables)) for quality in range(len(levels))]
    values = []
    for k, table in enumerate(tables):
        own = finite(f"costs[{k}]", table)
        supplied = np.array([levels[quality] if k == who else 0.0 for who, quality in options])
        values.append(-np.outer(own, np.append(0.0, supplied)))
    given = distinct_names("suppliers", suppliers, "supplier") or [f"supplier {k}" for k in range(len(tables))]
    named = one_name_each("suppliers", given, len(tables), "supplier")
    problem = MechanismProblem(
        values,
        probabilities,
        principal_values=np.append(0.0, [gains[quality] for _, quality in options]),
        alternatives=["none", *(f"{named[who]}, quality {levels[quality]:g}" for who, quality in options)],
        agents=named,
    )
    return solve_mechanism(problem)


@checked
def two_goods_two_bidders(values: Any, probabilities: Any = None) -> Mechanism:
    """The auction of two goods to two alike bidders who value them additively and independently that earns most.

    Parameters
    ----------
    values : (n,) what each bidder may value each good at, money
    probabilities : (n,) chances; equal ones if left out

    Raises
    ------
    ProblemError
        If values or chances make no sense.

    References
    ----------
    Armstrong (2000), Optimal multi-object auctions. Yao (2017), Dominant-strategy versus Bayesian multi-item auctions.

    Examples
    --------
    Selling each good by itself earns 3; the best auction of both together earns more:

    >>> round(two_goods_two_bidders([1, 2]).value, 4), 2 * myerson_auction([[1, 2], [1, 2]]).value
    (3.1875, 3.0)
    """
    own = finite("values", values)
    if own.ndim != 1 or not own.size:
        raise ProblemError(f"values has shape {own.shape}; expected (n,), what a bidder may value a good at")
    chances = np.full(len(own), 1 / len(own)) if probabilities is None else finite("probabilities", probabilities)
    if chances.shape != own.shape:
        raise ProblemError(f"probabilities has shape {chances.shape}; expected {own.shape}")
    types = np.array(list(itertools.product(own, own)))
    owners = list(itertools.product((-1, 0, 1), repeat=2))
    tables = [types @ np.array([[who == k for who in pair] for pair in owners], dtype=float).T for k in (0, 1)]
    both = np.outer(chances, chances).ravel()
    names = [f"{first:g}, {second:g}" for first, second in types]
    labels = [names, names] if len(set(names)) == len(names) else None
    words = {-1: "nobody", 0: "first", 1: "second"}
    problem = MechanismProblem(
        tables, [both, both], labels=labels, alternatives=[f"{words[a]}, {words[b]}" for a, b in owners],
        agents=("first", "second"),
    )  # fmt: skip
    return solve_mechanism(problem)


# ---- parts ----


def _of_one_good(values: Any, probabilities: Any, bidders: Any) -> AuctionProblem:
    problem = AuctionProblem(values, probabilities, bidders=bidders)
    count = int(np.prod(problem.n_types, dtype=object))
    if count > MOST_PROFILES:
        raise ProblemError(
            f"values make {count:,} profiles, and at most {MOST_PROFILES:,} are written out: give fewer, or solve an "
            "AuctionProblem, which needs none"
        )
    return problem


def _highest(bids: Array, reserve: float) -> tuple[Any, Array]:
    """Who wins at every profile, -1 for nobody, and the price."""
    winner = bids.argmax(axis=0)
    top = bids.max(axis=0)
    rest = np.where(np.arange(len(bids))[:, np.newaxis] == winner, -np.inf, bids)
    price = np.maximum(rest.max(axis=0), reserve)
    return np.where(top >= reserve, winner, -1), price


def _given(problem: AuctionProblem, table: MechanismProblem, winner: Any, paid: Array) -> Mechanism:
    outcome = rational("outcome", (np.arange(table.n_alternatives) == (winner + 1)[:, np.newaxis]).astype(np.float64))
    return given_mechanism(
        table, Tables(Rational(outcome.numerators, outcome.unit), rational("transfers", paid)), _best(problem)
    )


def _best(problem: AuctionProblem) -> Any:
    """What no auction earns more than."""
    known = ranked(problem)
    won = [winning_chances(problem, known, k) for k in range(problem.n_bidders)]
    return accounts(problem, known, won).bound
