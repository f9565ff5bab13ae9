"""The verb: any function from reports to outcomes is asked for what it promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked, renamed
from contracts.inputs.kinds import Count, Positive
from contracts.testing.agents import Agents, Prior, read_agents, read_prior, read_reservation
from contracts.testing.findings import Inspection
from contracts.testing.intervals import checked_doubt, checked_range, samples_needed
from contracts.testing.outcomes import Mechanism
from contracts.testing.properties import EXACT, Played, contexts, deviations
from contracts.testing.sampled import SAMPLED, Sampled, drawn_outcomes

NEED_SEVERAL = ("anonymity",)


@renamed(confidence="level")
@checked
def check_mechanism(
    fn: Callable[..., Any],
    types: Any,
    *,
    properties: Sequence[str] | None = None,
    utility: Callable[..., Any] | None = None,
    prior: Any = None,
    reservation_utility: Any = None,
    lies: Any = None,
    cost: Callable[..., Any] | None = None,
    alternatives: Any = None,
    tolerance: float = 0.0,
    n_agents: Count | None = None,
    n_repeats: int = 1,
    n_samples: Count | None = None,
    precision: Positive | None = None,
    payoff_range: tuple[float, float] | None = None,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Inspection:
    """Whether a function from reports to outcomes keeps what is asked of it, for all types and all lies.

    Numbers are compared as the rationals that they are (int, float, Fraction, Decimal), so that a verdict on a
    mechanism that does not draw is a proof for these types. One that draws, such as a language model or a sampled
    policy, is judged by bounds on means that hold together with the confidence asked for.

    Parameters
    ----------
    fn : for one agent `fn(report) -> (allocation, transfer)`; for several `fn(reports) -> (allocations, transfers)`,
        one of each per agent in a list or by the agents' names, from a list of reports. Transfers are paid by agents
    types : of one agent a list, an array with a row per type, or a dictionary by name; of several agents a list of such
        lists, or a dictionary of them by the agent's name. A type is its value of a unit of the good, or a tuple with a
        value per good. Reports are types
    properties : of "IC", "IR", "monotonicity", "no positive cycle", "no deficit", "budget balance", "anonymity" and
        "efficiency"; by default the first two, or IC alone where a utility of your own comes without a
        reservation_utility: what agents have elsewhere is then on a scale that nobody knows
    utility : `utility(type, outcome)` where outcomes are of another form, with the outcome as fn returns it; where
        agents differ in what they make of it, `utility(type, outcome, agent)` with the agent's number. By default it
        is value times allocation less transfer
    prior : if given, IC and IR are Bayesian, in expectation over the others' types: "uniform", a list of weights per
        agent, or an array with the chance of every profile. Without one, truth must be best whatever the others are
    reservation_utility : number, one per type, or a list of these per agent; 0 if left out
    lies : further reports that are no type, a list (per agent)
    cost : `cost(allocations)`, money that the mechanism spends, for budgets and efficiency
    alternatives : allocations (outcomes, if there is a utility) that efficiency compares with
    tolerance : utility or money by which properties may be missed; 0 for a mechanism that computes exactly
    n_agents : where the form of types leaves open whose they are
    n_repeats : how often every outcome is asked for again, to find mechanisms that draw or remember
    n_samples : draws of each outcome, of a mechanism that draws; needs payoff_range
    precision : instead, the regret that is to be known: as many draws are made as that takes in the worst case
    payoff_range : (lowest, highest) utility that any outcome can have
    level : confidence, for each property, that what is said about it is true
    rng : handed to the mechanism, `fn(report, rng)`, so that draws can be repeated

    Raises
    ------
    ProblemError
        If types, prior or numbers do not fit, or fn raises, answers in another form, with NaN, or in two ways.

    References
    ----------
    Rochet (1987), A necessary and sufficient condition for rationalizability in a quasi-linear context.
    Maurer & Pontil (2009), Empirical Bernstein bounds and sample variance penalization.

    Examples
    --------
    In a first-price auction a bidder of value 3 who faces one of value 1 would say 1 (ties go to the first):

    >>> def first_price(bids):
    ...     winner = bids.index(max(bids))
    ...     return [k == winner for k in range(2)], [bids[k] * (k == winner) for k in range(2)]
    >>> print(check_mechanism(first_price, [[1, 2, 3], [1, 2, 3]], properties=["IC"]))
    IC fails: 2 agents with 3, 3 types
    property  verdict  gain  worst case
    IC        fails       2  agent 0 of type '3' reports '1' where the others are ('1')
    IC: exact, 36 deviations compared as rational numbers
    """
    usual = ("IC", "IR") if utility is None or reservation_utility is not None else ("IC",)
    asked = _checked_properties(usual if properties is None else properties)
    tolerance = number("tolerance", tolerance)
    if tolerance < 0:
        raise ProblemError(f"tolerance is {tolerance:g}: give utility units, 0 for none")
    if n_repeats < 0:
        raise ProblemError(f"n_repeats is {n_repeats}: give a whole number, 0 to ask for every outcome once")
    agents = read_agents(types, lies, n_agents)
    if len(agents) == 1 and (alone := next((name for name in asked if name in NEED_SEVERAL), None)):
        raise ProblemError(f"{alone} compares agents, and there is one: leave it out, or give types per agent")
    beliefs = None if prior is None else read_prior(agents, prior)
    reservation = read_reservation(agents, 0 if reservation_utility is None else reservation_utility)
    mechanism = Mechanism(fn, agents, utility)
    n_draws = _number_of_draws(agents, beliefs, n_samples, precision, payoff_range, level)
    if n_draws is None:
        if rng is not None:
            raise ProblemError("rng is for mechanisms that draw: give n_samples= or precision= too, or leave it out")
        outcomes = mechanism.outcomes(n_repeats)
        played = Played(mechanism, outcomes, beliefs, reservation, tolerance, cost, alternatives)
        return Inspection(_about(agents, beliefs), tuple(EXACT[name](played) for name in asked))
    assert payoff_range is not None
    draws = drawn_outcomes(mechanism.ask, list(agents.profiles()), n_draws, rng)
    first = {profile: several[0] for profile, several in draws.items()}
    played = Played(mechanism, first, beliefs, reservation, tolerance, cost, alternatives)
    sampled = Sampled(played, draws, checked_range(payoff_range), checked_doubt(level))
    return Inspection(_about(agents, beliefs), tuple(SAMPLED[name](sampled) for name in asked))


def _checked_properties(properties: Sequence[str]) -> tuple[str, ...]:
    known = ", ".join(map(repr, EXACT))
    for name in properties:
        if name not in EXACT:
            raise ProblemError(f"properties has {name!r}: it knows {known}")
    if not len(properties):
        raise ProblemError(f"properties is empty: give some of {known}")
    return tuple(dict.fromkeys(properties))


def _number_of_draws(
    agents: Agents,
    prior: Prior | None,
    n_samples: int | None,
    precision: float | None,
    payoff_range: tuple[float, float] | None,
    level: float,
) -> int | None:
    """How many draws of each outcome; None for a mechanism that does not draw."""
    if n_samples is None and precision is None:
        if payoff_range is not None:
            raise ProblemError("payoff_range is for mechanisms that draw: give n_samples= or precision= as well")
        return None
    if n_samples is not None and precision is not None:
        raise ProblemError("n_samples and precision are both given: give one, the other follows")
    if payoff_range is None:
        raise ProblemError(
            "payoff_range is left out: draws bound a mean only if utilities are bounded; give the lowest and highest"
        )
    if n_samples is not None:
        if n_samples < 2:
            raise ProblemError("n_samples is 1: one draw shows no spread, give at least 2")
        return n_samples
    assert precision is not None
    n_deviations = sum(1 for _ in deviations(agents, contexts(agents, prior)))
    n_deviations = max(1, n_deviations)
    return samples_needed(precision, payoff_range=payoff_range, n_deviations=n_deviations, level=level)


def _about(agents: Agents, prior: Prior | None) -> str:
    return f"{agents}{'' if prior is None else ', in expectation'}"
