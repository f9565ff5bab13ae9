"""Contracts of simple forms beside the best: flat, linear, debt, monotone; what simplicity costs.

A linear contract pays a fixed wage and a share of output, w = alpha + beta y. Under debt the agent keeps what output
exceeds a face value, w = max(y - D, lowest): with limited liability and wages that rise by no more than output it is
best (Innes 1990). Every form is valued like the best contract: by the action that the agent takes at its wages as
floats, and only if it stays beyond doubt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import certify, compared, first_best_cost, preferred_action
from contracts.display.numbers import DIGITS
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import InfeasibleMenuError, ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.proof.certificate import Certificate
from contracts.readable import readable

BOTH = "monotone in both"
TRIED = 65  # shares, or face values, that are tried before the best is refined
REFINED = 3  # times
MARGINS = (0.0, 1e-12)  # above the reservation utility, relative
SLIVERS = (0.0, 1e-15, 1e-13, 1e-11, 1e-9)  # by which a share is raised until the agent prefers what it is meant to do
STEPS = 80  # of bisection
CLOSE = 1e-9  # share of utilities that floats need not tell apart


@checked
@dataclass(frozen=True, eq=False)
class ContractForm:
    """The best contract of one form.

    Attributes
    ----------
    name : flat, linear, debt, monotone, monotone in both, best
    wages : (n_outcomes,)
    action : number of the action that the agent takes
    certificate : IC and IR, the value, and a bound: of monotone wages on all that are, of other forms on all contracts
    terms : what describes the form in words, such as its share

    Examples
    --------
    >>> problem = MoralHazardProblem([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]], output=[0.0, 6.0, 10.0],
    ...                              effort_cost=[0.0, 1.0], wages=(0.0, np.inf))
    >>> linear = compare_contracts(problem).form("linear")
    >>> linear.wages.round(3), linear.terms
    (array([0. , 1.5, 2.5]), 'share 0.25, fixed 0')
    """

    name: str
    wages: Array
    action: int
    certificate: Certificate
    terms: str

    @property
    def value(self) -> float:
        """What the principal earns."""
        return self.certificate.value


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ContractComparison(Tabular):
    """Contracts of several forms, the first best above them."""

    problem: MoralHazardProblem
    first_best: float
    forms: tuple[ContractForm, ...]

    def form(self, name: str) -> ContractForm:
        """The contract of a form."""
        known = {form.name: form for form in self.forms}
        if name not in known:
            raise ProblemError(f"name is {name!r}: the forms are {', '.join(known)}")
        return known[name]

    def _table(self) -> Table:
        best, forms = self.form("best"), self.forms
        values = [self.first_best, *(form.value for form in forms)]
        own = self.problem.outcome_probabilities
        return Table(
            (
                names("contract", ["first best", *(form.name for form in forms)]),
                Column("action", [None, *(self.problem.actions[form.action] for form in forms)], readable, left=True),
                Column(
                    "expected wage", [None, *(float(own[form.action] @ form.wages) for form in forms)], f".{DIGITS}g"
                ),
                Column("value", values, f".{DIGITS}g"),
                Column("bound", [None, *(form.certificate.upper_bound for form in forms)], f".{DIGITS}g"),
                Column("below the best", [None, *(best.value - form.value for form in forms)], f".{DIGITS - 1}g"),
                Column("terms", [None, *(form.terms or None for form in forms)], readable, left=True),
            ),
            f"Contracts for {self.problem.n_actions} actions and {self.problem.n_outcomes} outcomes",
            [
                f"no contract earns more than {best.certificate.upper_bound:.6g}, no monotone one more than its bound; "
                "IC and IR hold for all"
            ],
        )


@checked
def compare_contracts(problem: MoralHazardProblem, *, gap: float = 1e-6) -> ContractComparison:
    """The best contract beside the best flat, linear, debt and monotone ones.

    Monotone wages never fall in output; under those that are monotone in both, which are found for a risk neutral agent
    only, what the principal keeps never falls either; both are what `monotone` asks for in a problem, which is left out
    here. Forms that no wages within the limits have are left out. Flat,
    linear and debt contracts are searched, the others computed.

    Raises
    ------
    ProblemError
        If output is the same after every outcome.
    InfeasibleMenuError, SolverError
        As `solve_contract`.

    Examples
    --------
    >>> problem = MoralHazardProblem([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]], output=[0.0, 6.0, 10.0],
    ...                              effort_cost=[0.0, 1.0], wages=(0.0, np.inf))
    >>> comparison = compare_contracts(problem)
    >>> comparison.form("best").value, round(comparison.form("linear").value, 6)
    (5.55, 5.1)
    """
    if float(np.ptp(problem.output)) == 0:
        raise ProblemError("output is the same after every outcome: there is nothing that wages could rise in")
    problem = replace(problem, monotone=False)
    contract = solve_contract(problem, gap=gap)
    bound = contract.upper_bound
    searches: list[tuple[str, Iterable[Array], Callable[[Array], str]]] = [
        ("flat", _flat(problem), lambda wages: f"wage {wages[0]:.4g}"),
        ("linear", _linear(problem), lambda wages: _shares(problem, wages)),
        ("debt", _debt(problem), lambda wages: f"face value {_face_value(problem, wages):.4g}"),
    ]
    forms: list[ContractForm | None] = []
    for name, tried, terms in searches:
        best = _best(problem, tried)
        if best is not None:
            wages, action = best
            certificate = certify(problem, wages, action, bound, gap=math.inf)
            forms.append(ContractForm(name, wages, action, certificate, terms(wages)))
    forms.append(_monotone(replace(problem, monotone=True), "monotone", "wages never fall", gap))
    if isinstance(problem.utility, RiskNeutral):
        forms.append(_monotone(replace(problem, monotone="both"), BOTH, "nobody's share falls", gap))
    forms.append(ContractForm("best", contract.wages, contract.action, contract.certificate, ""))
    first = problem.expected_output - first_best_cost(problem)
    return ContractComparison(problem, float(first.max()), tuple(form for form in forms if form is not None))


def _monotone(problem: MoralHazardProblem, name: str, terms: str, gap: float) -> ContractForm | None:
    """The best wages of the shape that the problem asks for; None where no such wages are found."""
    try:
        contract = solve_contract(problem, gap=gap)
    except InfeasibleMenuError:
        return None
    except SolverError as exc:  # kept IC and IR, further from its bound
        contract = exc.reached
        if contract is None:
            return None
    certificate = replace(contract.certificate, requested_gap=math.inf)
    return ContractForm(name, contract.wages, contract.action, certificate, terms)


def _best(problem: MoralHazardProblem, tried: Iterable[Array]) -> tuple[Array, int] | None:
    """The wages that earn most of those that are within limits and keep the agent beyond doubt."""
    best: tuple[Array, int] | None = None
    most = -math.inf
    for wages in tried:
        if np.any(wages < problem.lowest_wage) or np.any(wages > problem.highest_wage):
            continue
        if np.any(wages <= problem.utility.lowest_wage) and not np.isfinite(problem.utility.value(wages)).all():
            continue
        if max(_profit(problem, wages, action) for action in _tempting(problem, wages, CLOSE)) <= most:
            continue
        action = preferred_action(problem, wages)
        value = _profit(problem, wages, action)
        if value > most:
            found = compared(problem, wages, action)
            if found.gain <= 0 and found.slack >= 0:
                best, most = (wages, action), value
    return best


def _profit(problem: MoralHazardProblem, wages: Array, action: int) -> float:
    return float(problem.outcome_probabilities[action] @ (problem.output - wages))


def _tempting(problem: MoralHazardProblem, wages: Array, share: float) -> list[int]:
    """Actions that the agent prefers, as far as floats tell them apart within a share of utility."""
    values = np.where(np.isfinite(found := problem.utility.value(wages)), found, -np.finfo(float).max)
    level = problem.outcome_probabilities @ values - problem.effort_cost
    return list(np.flatnonzero(level >= level.max() - share * (1.0 + float(np.abs(values).max()))))


def _lifted(problem: MoralHazardProblem, shape: Array, margin: float) -> Array | None:
    """The shape of wages plus the least constant that is within limits and keeps the agent; None if there is none."""
    low, high = float((problem.lowest_wage - shape).max()), float((problem.highest_wage - shape).min())
    utility, probabilities = problem.utility, problem.outcome_probabilities
    start = max(low, float((utility.lowest_wage - shape).max()))

    def spare(constant: float) -> float:
        wages = shape + constant
        values = utility.value(wages) if np.all(wages >= utility.lowest_wage) else np.full(len(wages), -np.inf)
        if not np.isfinite(values).all():
            return -math.inf
        asked = problem.reservation_utility + margin * (1 + abs(problem.reservation_utility))
        return float((probabilities @ values - problem.effort_cost).max()) - asked

    def stays(constant: float) -> bool:
        return spare(constant) >= 0

    if math.isfinite(start) and stays(start):
        return shape + start
    reach = 1.0 + float(np.abs(problem.output).max()) + abs(start if math.isfinite(start) else 0.0)
    bottom = start if math.isfinite(start) else -reach
    while not math.isfinite(start) and stays(bottom) and bottom > -1e12 * reach:
        bottom *= 2
    top = min(high, bottom + reach)
    while not stays(top):
        if top >= high or top > 1e12 * reach:
            return None
        top = min(high, bottom + 2 * (top - bottom))
    return shape + _least(spare, bottom, top)


def _least(spare: Callable[[float], float], bottom: float, top: float) -> float:
    """The least float, nearly, from which a rising function is not negative; it is below zero at the bottom only."""
    from scipy.optimize import brentq

    while math.isinf(spare(bottom)) and bottom < (bottom + top) / 2 < top:  # no utility there: come closer
        middle = (bottom + top) / 2
        bottom, top = (bottom, middle) if spare(middle) >= 0 else (middle, top)
    root = brentq(spare, bottom, top, rtol=1e-15) if math.isfinite(spare(bottom)) and spare(bottom) < 0 else top
    tried = (root + k * math.ulp(root) for k in (0, 1, 2, 4, 8, 16, 32))
    return next((one for one in tried if one <= top and spare(one) >= 0), top)


def _flat(problem: MoralHazardProblem) -> Iterable[Array]:
    shape = np.zeros(problem.n_outcomes)
    return [found for margin in MARGINS if (found := _lifted(problem, shape, margin)) is not None]


def _searched(
    problem: MoralHazardProblem, low: float, high: float, wages_at: Callable[[float], Array | None]
) -> Iterable[Array]:
    """Wages of a form with one parameter: on a grid, where the agent changes its mind, and closer to the best."""

    def outcome(parameter: float) -> tuple[Array | None, int, float]:
        wages = wages_at(parameter)
        if wages is None:
            return None, -1, -math.inf
        action = _tempting(problem, wages, 0.0)[0]
        return wages, action, _profit(problem, wages, action)

    for _ in range(REFINED):
        grid = np.linspace(low, high, TRIED)
        found = [outcome(parameter) for parameter in grid.tolist()]
        yield from (wages for wages, _, _ in found if wages is not None)
        for k in np.flatnonzero(np.diff([action for _, action, _ in found])):
            ends, actions = [float(grid[k]), float(grid[k + 1])], [found[k][1], found[k + 1][1]]
            for _ in range(STEPS):
                middle = (ends[0] + ends[1]) / 2
                wages, action, _ = outcome(middle)
                side = 0 if action == actions[0] else 1
                if ends[side] == middle:
                    break
                ends[side] = middle
                if wages is not None:
                    yield wages
        best = int(np.argmax([value for _, _, value in found]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, TRIED - 1)]


def _linear(problem: MoralHazardProblem) -> Iterable[Array]:
    """Shares at which the agent changes its mind, for a risk neutral one; else shares from 0 to 1, ever closer."""
    output = problem.output
    if not isinstance(problem.utility, RiskNeutral):
        yield from _searched(problem, 0.0, 1.0, lambda share: _lifted(problem, share * output, MARGINS[-1]))
        return
    expected, effort = problem.expected_output, problem.effort_cost
    rise, dearer = np.subtract.outer(expected, expected), np.subtract.outer(effort, effort)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(rise > 0, dearer / rise, np.nan)
    shares = np.unique(shares[np.isfinite(shares) & (shares > 0)])
    for share in [1.0, 0.0, *shares.tolist()]:
        for sliver in SLIVERS:
            for margin in MARGINS:
                lifted = _lifted(problem, share * (1 + sliver) * output, margin)
                if lifted is not None:
                    yield lifted


def _shares(problem: MoralHazardProblem, wages: Array) -> str:
    low, high = int(np.argmin(problem.output)), int(np.argmax(problem.output))
    share = (wages[high] - wages[low]) / (problem.output[high] - problem.output[low])
    return f"share {share:.4g}, fixed {wages[low] - share * problem.output[low]:.4g}"


def _debt(problem: MoralHazardProblem) -> Iterable[Array]:
    output = problem.output
    floor = np.where(np.isfinite(problem.lowest_wage), problem.lowest_wage, 0.0)

    def wages_at(face: float) -> Array | None:
        wages = np.maximum(output - face, floor)
        if np.any(wages > problem.highest_wage) or not np.isfinite(problem.utility.value(wages)).all():
            return None
        stays = compared(problem, wages, preferred_action(problem, wages)).slack >= 0
        return wages if stays else None

    return _searched(problem, float(output.min() - floor.max()), float(output.max()), wages_at)


def _face_value(problem: MoralHazardProblem, wages: Array) -> float:
    top = int(np.argmax(problem.output))
    return float(problem.output[top] - wages[top])


@checked
@dataclass(frozen=True)
class RobustShare:
    """A share of output, and what it earns the principal whatever else the agent may be able to do (Carroll 2015)."""

    share: float
    guarantee: float


@checked
def robust_share(problem: MoralHazardProblem) -> RobustShare:
    """The share of output that guarantees the principal most, if the agent may have actions nobody knows of.

    A risk neutral agent that is paid a share beta of output gets at least what the known actions give it, so output is
    at least that over beta, and the principal keeps (1 - beta) of it. For one action the best share is the root of
    effort cost over expected output, and the guarantee is (sqrt E y - sqrt e)^2: Carroll (2015) shows that no contract
    whatever guarantees more.

    Raises
    ------
    ProblemError
        If the agent is not risk neutral, output or effort costs are negative, or no action is worth its effort.

    Examples
    --------
    >>> robust_share(MoralHazardProblem([[0.5, 0.5], [0.0, 1.0]], [0.0, 16.0], [0.0, 4.0], wages=(0.0, np.inf)))
    RobustShare(share=0.0, guarantee=8.0)
    >>> robust_share(MoralHazardProblem([[0.9, 0.1], [0.0, 1.0]], [0.0, 16.0], [0.0, 4.0], wages=(0.0, np.inf)))
    RobustShare(share=0.5, guarantee=4.0)
    """
    if not isinstance(problem.utility, RiskNeutral):
        raise ProblemError(f"the guarantee is for a risk neutral agent, not {problem.utility!r}: use RiskNeutral()")
    if np.any(problem.output < 0) or np.any(problem.effort_cost < 0):
        raise ProblemError("the guarantee needs output and effort costs that are not negative: shift output")
    expected, effort = problem.expected_output, problem.effort_cost
    worth = np.where(expected > effort, expected + effort - 2 * np.sqrt(expected * effort), 0.0)
    best = int(np.argmax(worth))
    if worth[best] <= 0:
        raise ProblemError("no action is worth its effort: nothing can be guaranteed")
    return RobustShare(math.sqrt(effort[best] / expected[best]), float(worth[best]))
