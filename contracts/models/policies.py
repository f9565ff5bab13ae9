"""Policies: lotteries without money, and delegation to a system that was trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from contracts.models.checks import in_words, table_of
from contracts.problem.checks import Transfers
from contracts.problem.costs import Cost, Entropy, Linear
from contracts.problem.domains import Simplex
from contracts.problem.objectives import Profit, Welfare
from contracts.problem.screening import Participation, ScreeningProblem


@checked
def lotteries(
    utility_matrix: Any,
    weights: Any = None,
    *,
    principal_values: Any = 0.0,
    transfers: Transfers = "free",
    reservation_utility: Any = 0.0,
    participation: Participation = "voluntary",
    serving_cost: float = 0.0,
    outside_option: Any = None,
    labels: Any = None,
    outcomes: Any = None,
) -> ScreeningProblem:
    """A principal chooses among finitely many outcomes, or lotteries over them, for agents of unknown tastes.

    The allocation holds the probability of each outcome, so that expected utility is linear whatever the outcomes
    are. Any finite screening problem is of this kind; lotteries can screen where money cannot.

    Parameters
    ----------
    utility_matrix : (n_types, n_outcomes) array or dataframe, money (or utility where transfers are "none")
    weights : (n_types,) array, shares of the types; equal if left out
    principal_values : (n_outcomes,) or (n_types, n_outcomes) array, what an outcome is worth to the principal
    transfers : "free", "none" or (lowest, highest), money from agent to principal
    reservation_utility : number or (n_types,) array; what agents have without a contract
    outside_option : (n_outcomes,) array, a lottery that every type can have for nothing; instead of the former
    participation, serving_cost : whether types can be left out, and what serving anybody costs; see ScreeningProblem
    labels, outcomes : names of types and outcomes

    Raises
    ------
    ProblemError
        If utility_matrix is not a matrix, or anything else does not fit.

    References
    ----------
    Myerson (1982), Optimal coordination mechanisms in generalized principal-agent problems, J. Math. Economics 10.

    Examples
    --------
    Without money the principal gets its way (the second outcome) as often as the agent's way out allows:

    >>> from contracts import solve_menu
    >>> menu = solve_menu(
    ...     lotteries([[4.0, 0.0]], principal_values=[0.0, 1.0], transfers="none", reservation_utility=1.0)
    ... )
    >>> menu.allocation.round(6)
    array([[0.25, 0.75]])
    """
    table_of("utility_matrix", utility_matrix, "outcomes", labels, instead="write one type as one row, [[...]]")
    problem = ScreeningProblem(
        utility_matrix,
        weights,
        domain=Simplex(),
        principal_values=principal_values,
        transfers=transfers,
        reservation_utility=reservation_utility,
        participation=participation,
        serving_cost=serving_cost,
        outside_option=outside_option,
        labels=labels,
        goods=outcomes,
    )
    return in_words(problem, "outcome", "payment")


@checked
def delegation(
    utility_matrix: Any,
    weights: Any = None,
    *,
    reference: Any = None,
    temperature: float | None = None,
    harm: Any = 0.0,
    welfare_weights: Any = 1.0,
    outside_option: Any = None,
    labels: Any = None,
    policies: Any = None,
) -> ScreeningProblem:
    """A provider lets users of unknown tastes choose among policies, without money.

    A contract is a lottery over response policies. User i enjoys it at utility_matrix[i] . x; it costs the provider
    its expected harm and temperature KL(x, reference), and the provider maximises the users' expected utility, with
    welfare_weights, minus both. Without a temperature leaving the reference costs nothing, and the program over
    lotteries is linear. With one type this is the regularised objective of RLHF, whose optimum is the softmax
    policy: reference times exp((utility - harm) / temperature). With several it is the best menu of policies
    that users sort themselves into.

    Parameters
    ----------
    utility_matrix : (n_types, n_policies) array or dataframe, reward
    weights : (n_types,) array, shares of the types; equal if left out
    reference : (n_policies,) array, positive, sums to 1; the policy it is costly to leave. It may be left out where
        there is no temperature
    temperature : reward per nat of KL; None or 0 for lotteries that cost nothing but their harm
    harm : (n_policies,) array, or (n_types, n_policies) where it depends on the user, reward
    welfare_weights : number or (n_types,) array; 0 for a provider that cares about harm and reference only
    outside_option : (n_policies,) array, a policy that every user can have, `reference` say, so that nobody is worse
        off than with it; if left out, users cannot leave
    labels, policies : names of types and policies

    Raises
    ------
    ProblemError
        If utility_matrix is not a matrix, a temperature comes without a reference, or anything else does not fit.

    References
    ----------
    Holmstrom (1984), On the theory of delegation; Kovac & Mylovanov (2009), Stochastic mechanisms in settings without
    monetary transfers, Journal of Economic Theory 144.
    Korbak, Perez & Buckley (2022), RL with KL penalties is better viewed as Bayesian inference, EMNLP Findings.

    Examples
    --------
    >>> from contracts import solve_menu
    >>> menu = solve_menu(delegation([[0.0, np.log(3.0)]], reference=[0.5, 0.5], temperature=1.0))
    >>> menu.allocation.round(6)
    array([[0.25, 0.75]])

    Without a temperature each user takes its favourite, where no other user's harm stands against it:

    >>> solve_menu(delegation([[0.0, 1.0], [1.0, 0.0]])).allocation.round(6)
    array([[0., 1.],
           [1., 0.]])
    """
    rewards = table_of(
        "utility_matrix", utility_matrix, "policies", labels, instead="write one type as one row, [[...]]"
    )
    social = finite("welfare_weights", welfare_weights)
    # Users who cannot leave: a reservation utility below every policy, by a margin that rounding cannot bridge.
    margin = float(np.abs(rewards).max()) or 1.0
    problem = ScreeningProblem(
        utility_matrix,
        weights,
        cost=_leaving(reference, temperature),
        domain=Simplex(),
        principal_values=-finite("harm", harm),
        reservation_utility=rewards.min(axis=1) - margin if outside_option is None else 0.0,
        outside_option=outside_option,
        participation="compulsory",
        transfers="none",
        objective=Welfare(social) if np.any(social != 0) else Profit(),
        labels=labels,
        goods=policies,
    )
    return in_words(problem, "policy", "payment")


def _leaving(reference: Any, temperature: Any) -> Cost:
    """What it costs to leave the reference policy; nothing without a temperature."""
    if temperature is None or number("temperature", temperature) == 0:
        return Linear(0.0)
    if reference is None:
        raise ProblemError(
            "reference is left out, but temperature is a price of leaving it: give one positive probability per "
            "policy, or leave out the temperature too"
        )
    return Entropy(reference, temperature)
