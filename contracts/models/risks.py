"""Insurance: contracts for people who know their risks better than the insurer."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, place
from contracts.inputs.door import checked
from contracts.models.checks import labels_for, names_for, one_each, positive
from contracts.models.competition import break_even_rows, separating_welfare
from contracts.problem.costs import is_straight, scaled_cost
from contracts.problem.domains import Box
from contracts.problem.objectives import Profit
from contracts.problem.screening import ScreeningProblem

ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of an indifference, by which a bracket may miss a change of sign


@checked(own=("utility",))
def insurance(
    loss_probabilities: Any,
    weights: Any = None,
    *,
    wealth: float,
    loss: float,
    utility: Any,
    market: Literal["monopoly", "competitive"] = "monopoly",
    labels: Any = None,
) -> ScreeningProblem:
    """An insurer offers contracts to people who know how likely they are to have an accident.

    Without insurance a person has `wealth`, or `wealth - loss` after an accident, which befalls type i with probability
    p_i. A contract promises utility in both states; the allocation is how much more it promises than the person has
    anyway, x = (u(c) - u(wealth), u(c') - u(wealth - loss)) / u'(wealth), which is money at the margin. Expected
    utility is linear in it, with valuations (1 - p_i, p_i), and what it costs, expected consumption beyond expected
    income, is convex, because u is concave. It depends on who is served: `cost` is one per type. There is no money
    besides, for money is what is insured: transfers are "none". `insured_consumption` turns promises back into money.

    A monopoly maximises profit (Stiglitz 1977). In competition every contract breaks even on its own (Rothschild &
    Stiglitz 1976): the riskiest is fully insured at its fair price, and everybody else gets as much insurance at its
    fair price as leaves the next riskier one indifferent. As one program: the safest is as well off as it can be while
    the menu breaks even in sum and nobody else is better off than with the own contract. Whether another menu could win
    everybody over is another question, which depends on the weights.

    Parameters
    ----------
    loss_probabilities : (n_types,) array p, between 0 and 1
    weights : (n_types,) array, shares of the types; equal if left out
    wealth, loss : positive, money
    utility : of money: contracts.Log(), SquareRoot(), CRRA(g) or CARA(a)
    market : "monopoly" or "competitive"
    labels : names of the types

    Raises
    ------
    ProblemError
        If probabilities do not lie between 0 and 1, two types share one in competition, or utility is not defined after
        an accident.

    References
    ----------
    Stiglitz (1977), Monopoly, non-linear pricing and imperfect information: the insurance market, Review of Economic
    Studies 44.
    Rothschild & Stiglitz (1976), Equilibrium in competitive insurance markets, Quarterly Journal of Economics 90.

    Examples
    --------
    The risky are fully insured, at a price that leaves them indifferent to the contract of the safe:

    >>> from contracts import Log, solve_menu
    >>> market = {"wealth": 100.0, "loss": 60.0, "utility": Log()}
    >>> menu = solve_menu(insurance([0.5, 0.2], [0.1, 0.9], **market))
    >>> insured_consumption(menu.allocation, **market).round(2)
    array([[78.22, 78.22],
           [86.79, 70.5 ]])

    In competition they pay their fair price, 0.5 x 60, and the safe are insured less:

    >>> menu = solve_menu(insurance([0.5, 0.2], [0.9, 0.1], market="competitive", **market))
    >>> insured_consumption(menu.allocation, **market).round(2)
    array([[70.  , 70.  ],
           [97.43, 50.29]])
    """
    names = names_for(loss_probabilities, labels)
    risk = one_each("loss_probabilities", loss_probabilities, labels)
    for who in np.flatnonzero((risk <= 0) | (risk >= 1))[:1]:
        raise ProblemError(
            f"loss_probabilities{place((int(who),), names)} is {risk[who]}: give a probability between 0 and 1, "
            "neither of which is a risk"
        )
    if market not in ("monopoly", "competitive"):
        raise ProblemError(f"market is {market!r}: use 'monopoly' or 'competitive'")
    income = _income(wealth, loss, utility)
    chances = np.column_stack([1.0 - risk, risk])
    promised, unit = [utility.promises(income, chance) for chance in chances], _unit(income, utility)
    if is_straight(promised[0][0]):
        raise ProblemError(
            f"utility is {utility!r}: who minds no risk needs no insurance; use Log(), CRRA(g) or CARA(a)"
        )
    problem = ScreeningProblem(
        chances,
        weights,
        cost=[scaled_cost(cost, unit, 1.0) for cost, _, _ in promised],
        domain=Box(promised[0][2] / unit, np.inf),
        principal_values=np.array([-price * unit for _, price, _ in promised]),
        transfers="none",
        objective=Profit(),
        labels=labels_for("loss_probabilities", loss_probabilities, weights, labels),
        goods=("utility without loss", "utility after loss"),
    )
    return problem if market == "monopoly" else _competitive(problem, risk, income, utility)


@checked(own=("utility",))
def insured_consumption(allocation: Any, *, wealth: float, loss: float, utility: Any) -> Array:
    """What people with contracts of `insurance` have to spend without and after a loss; (n, 2), money.

    Parameters
    ----------
    allocation : (n, 2) array, `menu.allocation` of such a problem
    wealth, loss, utility : as there

    Examples
    --------
    >>> from contracts import SquareRoot
    >>> insured_consumption([[0.0, 0.0]], wealth=100.0, loss=36.0, utility=SquareRoot())
    array([[100.,  64.]])
    """
    income = _income(wealth, loss, utility)
    gains = finite("allocation", allocation)
    if gains.ndim != 2 or gains.shape[1] != 2:
        raise ProblemError(f"allocation has shape {gains.shape}; expected (n, 2): give menu.allocation")
    return np.asarray(utility.inverse(utility.value(income) + gains * _unit(income, utility)))


def _unit(income: Array, utility: Any) -> float:
    """Utility that is worth one unit of money to a person without a loss, u'(wealth)."""
    return 1.0 / float(utility.price(income[:1])[0])


def _income(wealth: Any, loss: Any, utility: Any) -> Array:
    """What people have without insurance, in both states; (2,)."""
    if isinstance(utility, type) or not all(hasattr(utility, name) for name in ("value", "inverse", "promises")):
        shown = f"the class {utility.__name__}" if isinstance(utility, type) else repr(utility)
        raise ProblemError(f"utility is {shown}: use contracts.Log(), SquareRoot(), CRRA(g) or CARA(a)")
    income = positive("wealth", wealth) - np.array([0.0, positive("loss", loss)])
    worth = utility.value(income)
    if not np.isfinite(worth).all():
        raise ProblemError(f"loss is {loss}, which leaves wealth without utility under {utility!r}: give a smaller one")
    return np.asarray(income)


# ---- competition ----


def _competitive(problem: ScreeningProblem, risk: Array, income: Array, utility: Any) -> ScreeningProblem:
    """The program whose best menu holds the separating contracts that break even one by one."""
    order = np.argsort(-risk, kind="stable").tolist()
    for one, other in pairwise(order):
        if risk[one] == risk[other]:
            raise ProblemError(
                f"types {problem.labels[one]!r} and {problem.labels[other]!r} have the same loss probability: make "
                "them one type with the sum of their weights"
            )
    own, tempted, gained = (np.zeros(len(risk)) for _ in range(3))
    unit = _unit(income, utility)
    before, utility_before = np.full(2, np.nan), np.nan
    for k, who in enumerate(order):
        chance = problem.valuations[who]
        spent = _break_even(chance, income, utility, None if k == 0 else (before, utility_before))
        promised = utility.value(spent)
        slope = chance * utility.price(spent)
        if k == 0:
            own[who] = slope.sum()
        else:
            own[who], tempted[who] = np.linalg.solve(np.column_stack([chance, -before]), slope)
        before, utility_before = chance, float(chance @ promised)
        gained[who] = chance @ (promised - utility.value(income)) / unit
    return replace(
        problem,
        objective=separating_welfare(own, tempted, problem.weights, order),
        constraints=break_even_rows(gained, problem.labels, order[-1]),
    )


def _break_even(chance: Array, income: Array, utility: Any, before: tuple[Array, float] | None) -> Array:
    """Consumption (2,) at the fair price of a risk: full, or as much as leaves the type before indifferent."""
    from scipy.optimize import brentq

    mean = float(chance @ income)
    if before is None:
        return np.full(2, mean)
    envious, least = before

    def consumption(after_loss: float) -> Array:
        return np.array([(mean - chance[1] * after_loss) / chance[0], after_loss])

    def temptation(after_loss: float) -> float:
        return float(envious @ utility.value(consumption(after_loss)) - least)

    return consumption(brentq(temptation, income[1], mean, xtol=ROUNDING * mean, rtol=ROUNDING))
