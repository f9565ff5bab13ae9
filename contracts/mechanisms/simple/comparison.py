"""Simple mechanisms in a table: what each earns, exactly, and its share of what no mechanism beats."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.display.numbers import DIGITS, plural
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.mechanisms.auctions.auction import Auction
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.checks import is_listed
from contracts.mechanisms.given import read_tables
from contracts.mechanisms.mechanism import Mechanism
from contracts.mechanisms.numbers import Numbers
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.simple.formats import demand_of, own_reserves, posted_price, sequential, uniform_price
from contracts.mechanisms.solve import solve_mechanism
from contracts.mechanisms.verify import bound_at, certify
from contracts.proof.certificate import Certificate

if TYPE_CHECKING:
    import pandas as pd


class Compared(NamedTuple):
    """A row: what a mechanism is worth, its share of the bound, and how it is set up."""

    name: str
    value: Fraction | float
    share: float
    detail: str  # prices, or the worst that is wrong with a mechanism given
    certificate: Certificate | None = None  # of a mechanism given as tables


@checked(own=("rows", "best"))
@dataclass(frozen=True, eq=False, repr=False)
class MechanismComparison(Tabular):
    """Mechanisms beside the best one, and what is proven of all.

    Attributes
    ----------
    rows : each with `name`, `value`, `share` of the bound, `detail` and `certificate`
    best : the best mechanism, whose upper bound the shares refer to
    """

    rows: tuple[Compared, ...]
    best: Auction | Mechanism

    @property
    def upper_bound(self) -> float:
        """No mechanism is worth more."""
        return self.best.upper_bound

    def __getitem__(self, name: str) -> Compared:
        found = next((row for row in self.rows if row.name == name), None)
        if found is None:
            raise ProblemError(f"name is {described(name)}: there are {', '.join(repr(row.name) for row in self.rows)}")
        return found

    def _columns(self) -> Table:
        return Table(
            (
                names("mechanism", [row.name for row in self.rows]),
                Column("value", np.array([float(row.value) for row in self.rows])),
                Column("share", np.array([row.share for row in self.rows])),
                names("detail", [row.detail for row in self.rows]),
            )
        )

    def _table(self) -> Table:
        name, value, share, detail = self._columns().columns
        return Table(
            [name, Column("value", value.values, DIGITS), Column("share", share.values, ".1%"), detail],
            f"{plural(len(self.rows), 'mechanism')} beside a proven bound of {self.upper_bound:.{DIGITS}g}",
            kind="comparison",
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per mechanism."""
        return self._columns().to_frame(index=False)


@checked(own=("problem",))
def simple_mechanisms(problem: AuctionProblem) -> MechanismComparison:
    """What simple auctions earn, each at its best prices, as a share of what is proven of every auction.

    A posted price; prices offered one by one (the best order of up to five bidders; beyond, the highest values first);
    the highest losing bid as the price, without and with one reserve price; for one unit the second price with
    each bidder's own reserve price; and the best auction. Fractions, whatever the number of profiles.

    Parameters
    ----------
    problem : bidders and units

    Returns
    -------
    MechanismComparison
        From the least to the most that is earned.

    Raises
    ------
    ProblemError
        If the problem is no AuctionProblem.

    References
    ----------
    Hartline & Roughgarden (2009), Simple versus optimal mechanisms. Chawla, Hartline, Malec & Sivan (2010),
    Multi-parameter mechanism design and sequential posted pricing.

    Examples
    --------
    >>> from contracts import AuctionProblem
    >>> print(simple_mechanisms(AuctionProblem([[1, 2, 4], [1, 3]], bidders=["Ann", "Bob"])))
    6 mechanisms beside a proven bound of 2.333
    mechanism                    value   share  detail
    second price                 1.500   64.3%  no reserve price
    ...
    the best auction             2.333  100.0%  ironed virtual values
    """
    if not isinstance(problem, AuctionProblem):
        raise ProblemError(f"problem is {described(problem)}: give an AuctionProblem; compare_mechanisms takes others")
    best = solve_mechanism(problem)
    demand = demand_of(problem)
    offers, order = sequential(demand)
    posted, plain, reserve = (
        posted_price(demand), uniform_price(demand, with_reserve=False), uniform_price(demand, with_reserve=True)
    )  # fmt: skip
    one = problem.n_units == 1
    losing = "second price" if one else "highest losing bid"
    said = [f"{problem.bidders[k]} {_money((price,)) if price >= 0 else 'none'}"
            for k, price in zip(order, offers.prices, strict=True)]  # fmt: skip
    found = [
        ("posted price", posted, _money(posted.prices)),
        ("prices one by one", offers, ", ".join(said)),
        (losing, plain, "no reserve price"),
        (f"{losing}, reserve price", reserve, _money(reserve.prices)),
    ]
    if one:
        own = own_reserves(demand)
        found.append(("second price, own reserves", own, _money(own.prices)))
    bound = best.upper_bound
    rows = [Compared(name, each.revenue, _share(each.revenue, bound), detail) for name, each, detail in found]
    top = Compared("the best auction", best.value, _share(best.value, bound), "ironed virtual values")
    return MechanismComparison((*sorted(rows, key=lambda row: row.value), top), best)


@checked(own=("mechanisms",))
def compare_mechanisms(problem: MechanismProblem, mechanisms: Any) -> MechanismComparison:
    """Mechanisms from anywhere beside the best one: what each is worth, exactly, its share of the bound, what is wrong.

    Parameters
    ----------
    problem : the agents, and what is asked
    mechanisms : by name, each a Mechanism, or a pair (outcome, transfers) of tables as `verify_mechanism` takes them

    Raises
    ------
    ProblemError
        If a table does not fit, or there are none.
    InfeasibleMenuError, UnboundedMenuError, SolverError
        As `solve_mechanism`, of the best mechanism.

    Examples
    --------
    >>> from contracts import AuctionProblem
    >>> asked = AuctionProblem([[1, 2], [1, 2]], bidders=["Ann", "Bob"]).tabulated()
    >>> first_price = [[1, 2], [1, 1]], [[[1, 0], [2, 2]], [[0, 2], [0, 0]]]
    >>> for row in compare_mechanisms(asked, {"winners pay their bids": first_price}).rows:
    ...     print(row.name, row.value, f"{row.share:.0%}", row.detail)
    the best mechanism 1.5 100% exactly IC and IR
    winners pay their bids 1.75 117% Ann '2' beside Bob '1' -> '1' gains 1
    """
    if not isinstance(mechanisms, Mapping) or not mechanisms:
        raise ProblemError(f"mechanisms is {described(mechanisms)}: give a dictionary of mechanisms by name")
    best = solve_mechanism(problem)
    numbers, bound = Numbers(problem, best.feared), best.upper_bound
    proven = None if best.prices is None else bound_at(numbers, best.prices)
    rows = [_compared("the best mechanism", best.certificate, bound)]
    for name, given in mechanisms.items():
        if not isinstance(given, Mechanism) and not (is_listed(given) and len(given) == 2):
            raise ProblemError(f"mechanisms[{name!r}] is {described(given)}: give a Mechanism, or (outcome, transfers)")
        outcome, transfers = given.fractions() if isinstance(given, Mechanism) else given
        certificate = certify(numbers, read_tables(problem, outcome, transfers), proven, gap=float("inf"))
        rows.append(_compared(str(name), certificate, bound))
    return MechanismComparison(tuple(sorted(rows, key=lambda row: row.value)), best)


def _compared(name: str, certificate: Certificate, bound: float) -> Compared:
    return Compared(name, certificate.value, _share(certificate.value, bound), _fault(certificate), certificate)


def _fault(certificate: Certificate) -> str:
    """The first thing that is wrong with a mechanism, if anything is."""
    if not certificate.is_incentive_compatible:
        return str(certificate.deviation)
    if certificate.participation_slack < 0:
        return f"{certificate.participation_type} has {-certificate.participation_slack:.6g} too little"
    if certificate.violations:
        return f"{certificate.violations[0].what} is missed by {certificate.violations[0].amount:.6g}"
    return "exactly IC and IR"


def _share(value: Fraction | float, bound: float) -> float:
    return float(value) / bound if bound else float("nan")


def _money(prices: tuple[Fraction, ...]) -> str:
    return ", ".join(f"{float(price):.6g}" for price in prices) or "nothing is sold"
