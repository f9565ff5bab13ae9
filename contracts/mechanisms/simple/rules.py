"""Which rules of what is done can be implemented by some transfers, and the highest such transfers.

With the reports of all others given, or in expectation over them, agent i of type a who reports b gains
v_a(x_b) - v_b(x_b) more than b does, so utilities must satisfy u_a >= u_b + v_a(x_b) - v_b(x_b). Some do iff no cycle
of types has a positive sum (Rochet 1987); a cycle of two is weak monotonicity (Bikhchandani et al. 2006). Longest
paths from what types have elsewhere are the least utilities, so the transfers that follow are the highest ones: those
that earn most by the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple, overload

import numpy as np

from contracts.errors import ProblemError
from contracts.exact.rationals import Implementability, positive_cycle
from contracts.exact.rationals import implementable as of_one_agent
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.mechanisms.given import read_tables
from contracts.mechanisms.interim import Tables, interim_lies, lies_by_profile
from contracts.mechanisms.numbers import Numbers, Rational, whole
from contracts.mechanisms.problem import MechanismProblem, profiles_of
from contracts.mechanisms.program.layout import beside, is_interim
from contracts.numerics.exact_solve import Whole


class RuleImplementability(NamedTuple):
    """Whether a rule for several agents can be implemented, or the agent and the cycle of types that forbid it.

    Examples
    --------
    No two types would rather be taken for each other, but each of three for the next:

    >>> problem = MechanismProblem([[[1, 2, 0], [0, 1, 2], [2, 0, 1]]], agents=["Ann"], labels=[["a", "b", "c"]])
    >>> verdict = implementable(problem, [0, 1, 2])
    >>> verdict.holds, verdict.is_weakly_monotone, verdict.cycle, verdict.gain
    (False, True, ('a', 'b', 'c'), Fraction(3, 1))
    """

    holds: bool
    is_weakly_monotone: bool
    agent: str  # whose types form the cycle; "" if there is none
    cycle: tuple[str, ...]  # types, each of whom would rather be taken for the next, in sum
    others: str  # such as " beside Bob '2'"; "" in expectation
    gain: Fraction  # around the cycle
    transfers: Any  # (n_agents, n_types_1, ..., n_types_n) fractions, the highest that implement the rule; None

    def __str__(self) -> str:
        if self.holds:
            return "implementable: no cycle of types gains"
        path = " -> ".join(map(repr, (*self.cycle, self.cycle[0])))
        kind = "" if self.is_weakly_monotone else ", not even weakly monotone"
        return f"not implementable{kind}: {self.agent} {path}{self.others} gains {float(self.gain):.6g}"


@overload
def implementable(valuations: MechanismProblem, allocation: Any) -> RuleImplementability: ...
@overload
def implementable(valuations: Array, allocation: Array) -> Implementability: ...
@checked(own=("valuations", "allocation"))
def implementable(valuations: Any, allocation: Any) -> Implementability | RuleImplementability:
    """Whether some transfers make an allocation incentive compatible, decided exactly, with a counterexample.

    Parameters
    ----------
    valuations : (n_types, n_goods) of one agent; or a MechanismProblem: values, chances, what each has elsewhere, and
        whether truth is to be best whatever others report ("dominant", "ex post") or in expectation
    allocation : (n_types, n_goods); or of several agents the outcome at every profile, as in `verify_mechanism`

    Returns
    -------
    Implementability or RuleImplementability
        Of several agents: `holds`, `is_weakly_monotone`, `agent`, `cycle`, `others`, `gain`, and `transfers`, those
        that earn most with this rule if all have at least their reservation utility, ex post or interim.

    Raises
    ------
    ProblemError
        If tables do not fit; or if truth is to be best in expectation where types or values depend on those of others.

    References
    ----------
    Rochet (1987), A necessary and sufficient condition for rationalizability in a quasi-linear context. Bikhchandani,
    Chatterji, Lavi, Mu'alem, Nisan & Sen (2006), Weak monotonicity characterizes deterministic dominant-strategy
    implementation.

    Examples
    --------
    >>> implementable(np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]]))
    Implementability(holds=False, cycle=(0, 1), gain=1.0)

    The good to the lower bidder, and to the higher one:

    >>> values = [[[1, 0], [2, 0]], [[0, 1], [0, 2]]]
    >>> problem = MechanismProblem(values, incentives="dominant", agents=("Ann", "Bob"))
    >>> print(implementable(problem, [[0, 0], [1, 0]]))
    not implementable, not even weakly monotone: Ann '0' -> '1' -> '0' beside Bob '0' gains 1
    >>> implementable(problem, [[0, 1], [0, 0]]).transfers.astype(float)
    array([[[1., 0.],
            [1., 2.]],
    <BLANKLINE>
           [[0., 2.],
            [0., 0.]]])
    """
    if not isinstance(valuations, MechanismProblem):
        return of_one_agent(valuations, allocation)
    problem = valuations
    if problem.incentives == "bayesian" and not is_interim(problem):
        raise ProblemError(
            "in expectation, where types or values depend on those of others, transfers can depend on beliefs and "
            "cycles decide nothing: ask for incentives 'ex post' or 'dominant', or solve with outcome="
        )
    numbers = Numbers(problem)
    tables = read_tables(problem, allocation, None)
    paid = np.empty((problem.n_agents, problem.n_profiles), dtype=object)
    for agent in range(problem.n_agents):
        for graph in _graphs(numbers, tables, agent):
            broken = _broken(graph)
            if broken:
                names = problem.labels[agent]
                gain = sum(int(graph.gains[a, b]) for a, b in zip(broken, broken[1:] + broken[:1], strict=True))
                return RuleImplementability(
                    holds=False, is_weakly_monotone=len(broken) > 2, agent=problem.agents[agent],
                    cycle=tuple(names[k] for k in broken), others=graph.others, gain=Fraction(gain, graph.unit),
                    transfers=None,
                )  # fmt: skip
            paid[agent][graph.profiles] = _highest(graph)[:, np.newaxis]
    every = paid.reshape(-1, *problem.n_types)
    return RuleImplementability(
        holds=True, is_weakly_monotone=True, agent="", cycle=(), others="", gain=Fraction(0), transfers=every
    )


class _Graph(NamedTuple):
    """An agent's types: what each gains over another whom it is taken for, in parts of a unit."""

    gains: Whole  # [true, told]
    worth: Whole  # (n_types,) of the truth
    least: Whole  # (n_types,) reservation utilities
    unit: int
    profiles: Any  # (n_types, n) where these transfers are paid
    others: str


def _graphs(numbers: Numbers, tables: Tables, agent: int) -> Iterator[_Graph]:
    """One in expectation, or one for all that the others may report."""
    problem, profiles = numbers.problem, profiles_of(numbers.problem, agent)
    nothing = Tables(tables.outcome, Rational(whole([0] * tables.transfers.numerators.size, tables.transfers.shape), 1))
    if problem.incentives == "bayesian":
        found, units = interim_lies(numbers, nothing, agent)
        yield _graph(numbers, agent, found, int(units[0]), profiles, "")
        return
    lies, unit = lies_by_profile(numbers, nothing, agent), tables.outcome.unit << numbers.digits
    for k in range(lies.shape[2]):
        others = beside(problem, agent, int(profiles[0, k]))
        yield _graph(numbers, agent, lies[:, :, k], unit, profiles[:, k : k + 1], others)


def _graph(numbers: Numbers, agent: int, worth: Whole, unit: int, profiles: Any, others: str) -> _Graph:
    truth = np.diagonal(worth)
    return _Graph(worth - truth, truth, numbers.reservation[agent] * (unit >> numbers.digits), unit, profiles, others)


def _broken(graph: _Graph) -> tuple[int, ...]:
    """Two types who would rather change places, the worst pair; or a longer cycle; () if there is none."""
    swaps = graph.gains + graph.gains.T
    pair = np.unravel_index(int(np.argmax(swaps)), swaps.shape)
    if swaps[pair] > 0:
        return (int(min(pair)), int(max(pair)))
    count = len(swaps)
    return positive_cycle(count, {(a, b): graph.gains[a, b] for a in range(count) for b in range(count) if a != b})


def _highest(graph: _Graph) -> Whole:
    """The highest transfers, as fractions: longest paths from what types have elsewhere are the least utilities."""
    utility = graph.least
    for _ in range(len(utility)):
        utility = np.maximum(utility, (graph.gains + utility[np.newaxis, :]).max(axis=1))
    return whole([Fraction(int(a) - int(b), graph.unit) for a, b in zip(graph.worth, utility, strict=True)])
