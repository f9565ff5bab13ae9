"""Several agents who decide together: public goods, votes on places, correlated bids."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from contracts.inputs.names import distinct_names
from contracts.mechanisms.checks import listed_by_agent
from contracts.mechanisms.interim import Tables
from contracts.mechanisms.mechanism import Mechanism, given_mechanism
from contracts.mechanisms.numbers import Numbers, Rational, in_lowest_terms
from contracts.mechanisms.problem import Incentives, MechanismProblem, Participation, profiles_of
from contracts.mechanisms.solve import solve_mechanism
from contracts.models.trade import check_named, efficient, named_by, several, words_for

BELIEFS_APART = 1e-9  # distance from which beliefs are no mixture of others


@checked
def public_good(
    values: Any,
    probabilities: Any = None,
    *,
    cost: float,
    objective: Literal["efficiency", "welfare", "revenue"] = "welfare",
    incentives: Incentives = "bayesian",
    participation: Participation | None = "interim",
    agents: Any = None,
) -> Mechanism:
    """A good that all enjoy once it is there, where everybody knows alone what it is worth to him, and who pays for it.

    Parameters
    ----------
    values : a list with an array per agent, money
    probabilities : a list with an array per agent; equal chances if left out
    cost : of the good, money
    objective : "efficiency" demands it whenever values sum to more than the cost, with a balanced budget (d'Aspremont &
        Gerard-Varet need no more than participation=None); "welfare" the best with a balanced budget; "revenue" the
        highest profit
    incentives, participation : see MechanismProblem
    agents : their names

    Raises
    ------
    InfeasibleMenuError
        If efficiency is out of reach, with the proof.
    ProblemError
        If numbers make no sense.

    References
    ----------
    d'Aspremont & Gerard-Varet (1979), Incentives and incomplete information. Mailath & Postlewaite (1990).

    Examples
    --------
    >>> public_good([[0, 2], [0, 2]], cost=1, objective="efficiency", participation=None).welfare
    1.25
    >>> public_good([[0, 2], [0, 2]], cost=1).welfare
    1.25
    >>> round(public_good([[0, 2], [0, 2]], cost=2).welfare, 6)
    0.5
    """
    check_named("objective", objective, ("efficiency", "welfare", "revenue"))
    own = [several(f"values[{k}]", one) for k, one in enumerate(listed_by_agent("values", values))]
    cost = number("cost", cost)
    total = np.zeros(())
    for array in own:
        total = np.add.outer(total, array)
    return solve_mechanism(
        MechanismProblem(
            [np.outer(array, [0.0, 1.0]) for array in own],
            probabilities,
            principal_values=[0.0, -cost],
            objective="revenue" if objective == "revenue" else "welfare",
            incentives=incentives,
            participation=participation,
            budget="none" if objective == "revenue" else "balanced",
            outcome=efficient(total - cost) if objective == "efficiency" else None,
            labels=named_by(*own),
            alternatives=("nothing", "provide"),
            agents=agents,
        )
    )


@checked
def vcg(
    values: Any,
    probabilities: Any = None,
    *,
    principal_values: Any = 0.0,
    participation: Participation | None = None,
    labels: Any = None,
    alternatives: Any = None,
    agents: Any = None,
) -> Mechanism:
    """The alternative that is best for all together; each pays what its report costs the others (Clarke's pivot).

    Parameters
    ----------
    values, probabilities, principal_values, labels, alternatives, agents : see MechanismProblem; values are private
    participation : what the certificate asks about; the mechanism does not depend on it

    Raises
    ------
    ProblemError
        If values are not private, or make no sense.

    References
    ----------
    Vickrey (1961), Clarke (1971), Groves (1973).

    Examples
    --------
    >>> mechanism = vcg([[[0, 0], [0, 3]], [[1, 0], [2, 0]]])
    >>> mechanism.certificate.is_exact, mechanism.transfers[0].tolist()
    (True, [[0.0, 0.0], [1.0, 2.0]])
    """
    problem = MechanismProblem(
        values, probabilities, principal_values, "welfare", "dominant", participation, labels=labels,
        alternatives=alternatives, agents=agents,
    )  # fmt: skip
    numbers = Numbers(problem)
    worth = [numbers.worth_at(k) for k in range(problem.n_agents)]
    total = np.asarray(sum(worth, numbers.principal_at))
    rows = np.arange(problem.n_profiles)
    chosen = total.argmax(axis=1)
    outcome = (chosen[:, np.newaxis] == np.arange(problem.n_alternatives)).astype(int).astype(object)
    paid = [(total - own).max(axis=1) - (total - own)[rows, chosen] for own in worth]
    tables = Tables(Rational(outcome, 1), in_lowest_terms(np.stack(paid), 1 << numbers.digits))
    return given_mechanism(problem, tables)


@checked
def facility_location(
    locations: Any, probabilities: Any = None, *, sites: Any = None, weights: Any = None, agents: Any = None
) -> Mechanism:
    """Where to build, if everybody wants it near, nobody says where he is unless it serves him, and nobody pays.

    Parameters
    ----------
    locations : a list with an array per agent, where it may be on the line
    probabilities : a list with an array per agent; equal chances if left out
    sites : (n,) where it can be built; by default wherever somebody may be
    weights : (n_agents,) of distances in the sum that is minimised in expectation; equal ones if left out
    agents : their names

    Raises
    ------
    ProblemError
        If numbers make no sense.

    References
    ----------
    Moulin (1980), On strategy-proofness and single peakedness. Procaccia & Tennenholtz (2009).

    Examples
    --------
    For three agents the median is both incentive compatible and best, at distances of 4/9 + ... in sum:

    >>> mechanism = facility_location([[0, 1, 2]] * 3)
    >>> round(-mechanism.value, 6), mechanism.play(["0", "2", "1"]).chances[1]
    (1.333333, Fraction(1, 1))
    """
    own = [several(f"locations[{k}]", one) for k, one in enumerate(listed_by_agent("locations", locations))]
    places = np.unique(np.concatenate(own)) if sites is None else several("sites", sites)
    care = np.ones(len(own)) if weights is None else finite("weights", weights)
    problem = MechanismProblem(
        [-np.abs(array[:, np.newaxis] - places) for array in own],
        probabilities,
        objective={"utility": care},
        incentives="dominant",
        participation=None,
        transfers="none",
        labels=named_by(*own),
        alternatives=words_for(places),
        agents=agents,
    )
    return solve_mechanism(problem)


@checked
def cremer_mclean(
    values: Any,
    probabilities: Any,
    *,
    participation: Participation = "interim",
    full: bool = False,
    bidders: Any = None,
) -> Mechanism:
    """An auction of one good where what bidders know is correlated: what one says tells what to charge another.

    With participation in expectation nobody keeps a rent, if no type's beliefs about the others are a mixture of those
    of its other types. With "ex post" nobody can lose, which is what protects bidders.

    Parameters
    ----------
    values : a list with an array per bidder, money
    probabilities : (n_types_1, ..., n_types_n) array, the chance of every profile
    participation : "interim", "ex ante" or "ex post"
    full : whether to refuse beliefs under which rents cannot be taken, naming the type
    bidders : their names

    Raises
    ------
    ProblemError
        If numbers make no sense, or `full` is asked for and beliefs do not allow it.

    References
    ----------
    Cremer & McLean (1988), Full extraction of the surplus in Bayesian and dominant strategy auctions, Econometrica 56.

    Examples
    --------
    Two bidders with values 1 and 2, alike in three cases of four; the good is worth 1.625 in expectation:

    >>> chances = [[0.375, 0.125], [0.125, 0.375]]
    >>> cremer_mclean([[1, 2], [1, 2]], chances).value
    1.625
    >>> cremer_mclean([[1, 2], [1, 2]], chances, participation="ex post").value
    1.5
    """
    own = [several(f"values[{k}]", one) for k, one in enumerate(listed_by_agent("values", values))]
    wins = np.hstack([np.zeros((len(own), 1)), np.eye(len(own))])
    joint = finite("probabilities", probabilities)
    if joint.shape != tuple(map(len, own)):
        raise ProblemError(
            f"probabilities has shape {joint.shape}; expected {tuple(map(len, own))}, a chance per profile"
        )
    named = distinct_names("bidders", bidders, "bidder") or [f"bidder {k}" for k in range(len(own))]
    problem = MechanismProblem(
        [np.outer(array, wins[k]) for k, array in enumerate(own)],
        joint,
        participation=participation,
        labels=named_by(*own),
        alternatives=["nobody", *map(str, named)],
        agents=named,
    )
    if full:
        _check_beliefs(problem)
    return solve_mechanism(problem)


# ---- parts ----


def _check_beliefs(problem: MechanismProblem) -> None:
    """Refuse a type whose beliefs are a mixture of those of its other types."""
    from scipy.optimize import nnls

    joint = np.asarray(problem.joint)
    for agent in range(problem.n_agents):
        beliefs = joint.ravel()[profiles_of(problem, agent)]
        beliefs = beliefs / beliefs.sum(axis=1, keepdims=True)
        for k in range(len(beliefs) if len(beliefs) > 1 else 0):
            _, apart = nnls(np.delete(beliefs, k, axis=0).T, beliefs[k])
            if apart <= BELIEFS_APART:
                raise ProblemError(
                    f"{problem.agents[agent]} {problem.labels[agent][k]!r} believes of the others what is a mixture of "
                    "the beliefs of its other types, so it keeps a rent: leave full=True out for the best that is left"
                )
