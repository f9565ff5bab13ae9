"""solve_mechanism: the best vertex of the whole program, or the auction in closed form, and the proof."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, overload

from contracts.errors import ProblemError, SolverError, UnboundedMenuError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.kinds import described
from contracts.mechanisms.auctions.auction import Auction, certified
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.mechanism import Mechanism, given_mechanism
from contracts.mechanisms.numbers import Numbers
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.program.conflict import infeasible
from contracts.mechanisms.program.layout import MechanismProgram
from contracts.mechanisms.program.lies import Best, best_of
from contracts.mechanisms.program.worst import Goal, WorstCase, worst_case, worst_cases
from contracts.mechanisms.reduced.auction import SymmetricAuction, solve_symmetric
from contracts.mechanisms.reduced.goods_auction import AdditiveAuction, solve_additive
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.mechanisms.verify import bound_at, bound_by, certify, stakes
from contracts.numerics.vertex import Ended
from contracts.proof.certificate import checked_gap


@overload
def solve_mechanism(problem: MechanismProblem | Mechanism, *, gap: float = 1e-6) -> Mechanism: ...
@overload
def solve_mechanism(problem: AuctionProblem | Auction, *, gap: float = 1e-6) -> Auction: ...
@overload
def solve_mechanism(problem: SymmetricAuctionProblem | SymmetricAuction, *, gap: float = 1e-6) -> SymmetricAuction: ...
@overload
def solve_mechanism(problem: AdditiveAuctionProblem | AdditiveAuction, *, gap: float = 1e-6) -> AdditiveAuction: ...
@checked(own=("problem", "gap"))
def solve_mechanism(problem: Any, *, gap: float = 1e-6) -> Any:
    """The best mechanism for several agents, exactly incentive compatible, with a bound that nothing beats.

    Parameters
    ----------
    problem : a MechanismProblem, in tables; or an AuctionProblem, a SymmetricAuctionProblem or an
        AdditiveAuctionProblem, of any size. Of a mechanism that is solved already, such as those of
        `contracts.models`, the problem is solved
    gap : largest certified distance to the optimum, relative to what is at stake; the vertex is exact, so it is 0

    Returns
    -------
    Mechanism, Auction, SymmetricAuction or AdditiveAuction
        Agents who are alike are treated alike, and so are alternatives and types that a problem does not tell apart:
        the mean of a mechanism over all their permutations is a mechanism as good, so a smaller program loses nothing.
        The certificate is of the whole one, and it holds: of the fractions that the mechanism consists of, every
        constraint holds without tolerance.

    Raises
    ------
    ProblemError
        If the problem makes no sense.
    InfeasibleMenuError
        If no mechanism meets all constraints; `conflict` names those that contradict each other, which is proven.
    UnboundedMenuError
        If nobody has to be kept, so that anything can be asked of agents.
    SolverError
        If no exact vertex was found.

    Notes
    -----
    Like agents, goods and types shrink the program and lose nothing: if a permutation that leaves the problem as it is
    is applied to a mechanism, the result meets the same linear constraints and is worth the same, and so does and is
    the mean over all such permutations, which treats what is alike alike. The search may therefore be confined to such
    means (`contracts.numerics.folding`), and the certificate checks what comes out against the whole program.

    References
    ----------
    Myerson (1981), Optimal auction design. Myerson & Satterthwaite (1983), Efficient mechanisms for bilateral trading.

    Examples
    --------
    Two bidders with values 1 and 2, equally likely; the best auction has a reserve price of 2, or none: both earn 1.5.

    >>> values = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 2]]]
    >>> problem = MechanismProblem(values, agents=("Ann", "Bob"), alternatives=("nobody", "Ann", "Bob"))
    >>> mechanism = solve_mechanism(problem)
    >>> mechanism.value, mechanism.upper_bound, mechanism.certificate.is_exact
    (1.5, 1.5, True)

    Ten bidders whose profiles nobody could list:

    >>> auction = solve_mechanism(AuctionProblem([range(1, 101)] * 10))
    >>> round(auction.value, 3), auction.certificate.gap < 1e-12
    (82.809, True)
    """
    gap = checked_gap(gap)
    asked = (
        problem.problem if isinstance(problem, Mechanism | Auction | SymmetricAuction | AdditiveAuction) else problem
    )
    if isinstance(asked, AuctionProblem):
        return certified(asked, gap)
    if isinstance(asked, SymmetricAuctionProblem):
        return solve_symmetric(asked, gap)
    if isinstance(asked, AdditiveAuctionProblem):
        return solve_additive(asked, gap)
    if not isinstance(asked, MechanismProblem):
        raise ProblemError(
            f"problem is {described(problem)}: give a MechanismProblem, an AuctionProblem, a SymmetricAuctionProblem "
            "or an AdditiveAuctionProblem"
        )
    return solve_program(asked, gap=gap)


def solve_program(problem: MechanismProblem, *, gap: float = 1e-6) -> Mechanism:
    """The best mechanism of a problem in tables.

    Raises
    ------
    InfeasibleMenuError, UnboundedMenuError, SolverError
        See `solve_mechanism`.
    """
    numbers = Numbers(problem)
    _check_bounded(problem)
    found: Any
    if problem.ambiguity is None:
        found = best_of(numbers)
        if not isinstance(found, Best):
            raise _ended(numbers, *found)
        bound = bound_by(numbers, found.program, found.prices.numerators[found.program.numbers], found.prices.unit)
    else:
        found = worst_case(problem, gap, stakes(numbers))
        if not isinstance(found, WorstCase):
            raise _ended(numbers, *found)
        numbers = Numbers(problem, found.prior)
        bound = bound_at(numbers, found.prices)
    tables, prices = found.tables, found.prices
    certificate = certify(numbers, tables, bound, gap=gap)
    mechanism = Mechanism(problem, tables, certificate, prices, numbers.feared)
    if not certificate.holds:
        raise SolverError(f"the mechanism is not certified: {certificate}", ("linear",), mechanism)
    return mechanism


def solve_for_worst_of_each(
    problem: MechanismProblem, goals: list[Any], weights: Array, gap: float
) -> tuple[Mechanism, list[float], float]:
    """The best mechanism for a weighted sum of goals at a worst prior each, what each is worth, and a proven bound.

    Raises
    ------
    InfeasibleMenuError, UnboundedMenuError, SolverError
        See `solve_mechanism`.
    """
    numbers = Numbers(problem)
    _check_bounded(problem)
    parts = [
        Goal(Numbers(replace(problem, objective=goal)), Fraction(weight))
        for goal, weight in zip(goals, weights.tolist(), strict=True)
    ]
    found = worst_cases(problem, parts, gap, stakes(numbers))
    if isinstance(found, tuple):
        raise _ended(numbers, *found)
    return given_mechanism(problem, found.tables), found.worth, found.bound


def with_bound(mechanism: Mechanism, gap: float) -> Mechanism:
    """The same under ambiguity with a bound for its own objective, which another mechanism may come closer to.

    The worst prior of a weighted sum is kinder than a worst prior for each part of it.
    """
    problem = mechanism.problem
    found = worst_case(problem, gap, stakes(Numbers(problem)))
    if not isinstance(found, WorstCase):
        raise _ended(Numbers(problem), *found)
    return given_mechanism(problem, mechanism.exact, bound_at(Numbers(problem, found.prior), found.prices))


def _check_bounded(problem: MechanismProblem) -> None:
    """Refuse what grows without limit by transfers alone: nobody must be kept, or agents are worth more than money."""
    if problem.transfers == "none" or problem.budget != "none" or problem.has_rows_of_money:
        return
    low, high = (-float("inf"), float("inf")) if problem.transfers == "free" else problem.transfers
    revenue, _, each = problem.weights
    for agent, weight in enumerate(each):
        name = problem.agents[agent]
        if revenue > weight and high == float("inf") and problem.participation is None:
            raise UnboundedMenuError(
                f"revenue grows without limit: {name} can be made to pay any amount, since participation is None. Ask "
                "for participation 'interim', or limit transfers",
                f"transfers of {name}",
            )
        if weight > revenue and low == -float("inf"):
            raise UnboundedMenuError(
                f"the objective grows without limit: utility of {name} weighs {weight:g}, more than the revenue "
                f"({revenue:g}) that it is paid from. Ask for a budget, limit transfers, or weigh revenue as much",
                f"transfers of {name}",
            )


def _ended(numbers: Numbers, program: MechanismProgram, ended: Ended) -> Exception:
    if ended.is_unbounded:
        return UnboundedMenuError(
            "the objective grows without limit by transfers that incentives leave free: ask for participation, a "
            "budget or limits of transfers",
            "transfers",
        )
    if ended.is_infeasible:
        return infeasible(numbers, program)
    return SolverError(f"the linear program ended with: {ended.words}; measure in other units", ("linear",))
