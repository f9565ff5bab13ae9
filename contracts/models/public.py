"""Public economics: what a regulator or a government offers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, place
from contracts.inputs.door import checked
from contracts.models.checks import labels_for, names_for, not_negative, one_each, positive
from contracts.problem.costs import Power, Quadratic
from contracts.problem.domains import Box
from contracts.problem.objectives import Isoelastic, Profit, Welfare
from contracts.problem.reading import Reading
from contracts.problem.screening import Participation, ScreeningProblem

LOG_UTILITY = Isoelastic(1.0)  # W(u) = log u, the usual benchmark of optimal taxation


@checked
def regulation(
    marginal_costs: Any,
    weights: Any = None,
    *,
    demand_intercept: float,
    demand_slope: float = 1.0,
    rent_weight: float = 0.0,
    capacity: float | None = None,
    labels: Any = None,
) -> ScreeningProblem:
    """A regulator pays a monopoly for output at a marginal cost that only the firm knows.

    Consumers value the quantity q at V(q) = demand_intercept q - demand_slope q^2 / 2, the area under the demand curve
    P(q) = demand_intercept - demand_slope q, and pay the firm. The agent is the firm: its valuation of output is minus
    its marginal cost, and its transfer is minus what it is paid. Tables show the quantity, the price P(q) and the
    payment, `menu.reading["payment"]`. Its utility is its rent, payment minus cost; the principal's payoff from it is
    consumers' net surplus, V(q) minus payment. The regulator maximises expected consumer surplus + rent_weight rent.

    Parameters
    ----------
    marginal_costs : (n_types,) array, non-negative, money per unit of output
    weights : (n_types,) array, shares of the types; equal if left out
    demand_intercept : positive, money per unit; the price at which demand vanishes
    demand_slope : positive, money per unit squared; how fast the price falls in the quantity
    rent_weight : in [0, 1], what one unit of the firm's rent counts against one of consumer surplus (alpha); 0 is
        procurement by a buyer that cares for itself, 1 brings marginal-cost pricing
    capacity : positive, largest output; by default demand_intercept / demand_slope, where consumers are satiated
    labels : names of the types

    Raises
    ------
    ProblemError
        If rent_weight exceeds 1: paying the firm would then be worth more than the money, without limit.

    References
    ----------
    Baron & Myerson (1982), Regulating a monopolist with unknown costs, Econometrica 50.
    Laffont & Martimort (2002), The Theory of Incentives, ch. 2.

    Examples
    --------
    Prices are virtual costs: 1 for the efficient firm, 2 + (1 - 0.5) 1 for the other.

    >>> from contracts import solve_menu
    >>> menu = solve_menu(regulation([1.0, 2.0], demand_intercept=10.0, rent_weight=0.5))
    >>> menu.reading["price"].round(6)
    array([1. , 2.5])
    """
    costs = not_negative(
        "marginal_costs", one_each("marginal_costs", marginal_costs, labels), names_for(marginal_costs, labels)
    )
    intercept, slope = positive("demand_intercept", demand_intercept), positive("demand_slope", demand_slope)
    alpha = float(finite("rent_weight", rent_weight))
    if not 0 <= alpha <= 1:
        raise ProblemError(
            f"rent_weight is {alpha}: give a number from 0 (rents are waste) to 1 (rents count like consumers' money); "
            "above 1 the regulator would pay the firm without limit"
        )
    return ScreeningProblem(
        -costs,
        weights,
        cost=Quadratic(slope),
        domain=Box(0.0, intercept / slope if capacity is None else positive("capacity", capacity)),
        principal_values=intercept,
        objective=Profit() if alpha == 0 else Welfare(weights=alpha),
        labels=labels_for("marginal_costs", marginal_costs, weights, labels),
        goods=("output",),
        readings=(
            Reading("quantity", good=0),
            Reading("price", good=0, scale=-slope, constant=intercept),
            Reading("payment", per_transfer=-1.0),
        ),
    )


@checked
def countervailing(
    marginal_costs: Any,
    weights: Any = None,
    *,
    fixed_costs: Any,
    demand_intercept: float,
    demand_slope: float = 1.0,
    rent_weight: float = 0.0,
    capacity: float | None = None,
    participation: Participation = "voluntary",
    labels: Any = None,
) -> ScreeningProblem:
    """A regulator pays a firm whose marginal cost is the higher, the lower its fixed cost is: incentives countervail.

    As in `regulation` the firm knows its marginal cost theta, and is paid T for the quantity q. Besides, it has a fixed
    cost K, lower where theta is higher: it produces theta q + K. A firm would like to claim a high marginal cost where
    q is large, and a high fixed cost, so a low marginal cost, where q is small. In utility T - theta q, what a firm
    must have is its fixed cost: the change of variables makes K a reservation utility, and the rent is
    `menu.information_rent`. Quantities are below the efficient ones for low marginal costs and above them for high
    ones. Between the two the same quantity is asked of everybody, and where K is linear in theta nobody there has a
    rent.

    Parameters
    ----------
    marginal_costs : (n_types,) array, non-negative, money per unit of output
    weights : (n_types,) array, shares of the types; equal if left out
    fixed_costs : number or (n_types,) array, non-negative, money
    demand_intercept, demand_slope, rent_weight, capacity : as of `regulation`; the value counts utilities T - theta q
    participation : "voluntary": the regulator may leave a type out; "compulsory": every type produces
    labels : names of the types

    Raises
    ------
    ProblemError
        If costs are negative or not one per type, or anything else does not fit.

    References
    ----------
    Lewis & Sappington (1989), Countervailing incentives in agency problems, Journal of Economic Theory 49.
    Maggi & Rodriguez-Clare (1995), On countervailing incentives, Journal of Economic Theory 66.

    Examples
    --------
    Fixed costs fall as fast as two units of output cost more: so two units leave nobody a rent.

    >>> from contracts import solve_menu
    >>> theta = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    >>> problem = countervailing(theta, fixed_costs=6 - 2 * theta, demand_intercept=3.5, participation="compulsory")
    >>> menu = solve_menu(problem)
    >>> menu.allocation.ravel().round(4), menu.information_rent.round(4) + 0.0
    (array([3., 2., 2., 2., 1.]), array([0., 0., 0., 0., 0.]))
    """
    problem = regulation(
        marginal_costs,
        weights,
        demand_intercept=demand_intercept,
        demand_slope=demand_slope,
        rent_weight=rent_weight,
        capacity=capacity,
        labels=labels,
    )
    names = names_for(marginal_costs, labels)
    fixed = finite("fixed_costs", fixed_costs, names)
    if fixed.shape not in ((), (problem.n_types,)):
        raise ProblemError(
            f"fixed_costs has shape {fixed.shape}; expected one number, or one per type, {(problem.n_types,)}"
        )
    not_negative("fixed_costs", fixed.reshape(-1), names)
    return replace(problem, reservation_utility=fixed, participation=participation)


@checked
def income_tax(
    skills: Any,
    weights: Any = None,
    *,
    elasticity: float = 0.5,
    welfare_function: Any = LOG_UTILITY,
    welfare_weights: Any = 1.0,
    revenue: float = 0.0,
    labels: Any = None,
) -> ScreeningProblem:
    """A government redistributes among workers whose skill it cannot see, by a tax on what they earn.

    A worker of skill theta that earns z and consumes y has utility y - (z / theta)^k / k, with k = 1 + 1 / elasticity.
    In the allocation x = z^k / k utility is linear, with valuation -theta^-k, and earnings are minus a convex cost. The
    agent's transfer is minus its consumption. Tables show earnings, consumption and the tax, earnings minus
    consumption; as arrays they are `menu.reading["earnings"]`, `["consumption"]` and `["tax"]`. The marginal tax rate
    is 1 - z^(k - 1) / theta^k. Nobody is forced to work: not working at no consumption, utility 0, is always possible.

    Parameters
    ----------
    skills : (n_types,) array theta, positive, earnings per unit of effort
    weights : (n_types,) array, shares of the types; equal if left out
    elasticity : positive, of earnings with respect to what is left of a unit of them after tax
    welfare_function : Isoelastic(...), Exponential(...), WorstOff(), or None for the sum of utilities
    welfare_weights : number or (n_types,) array, social weights on the types
    revenue : money per head that the tax must raise
    labels : names of the types

    Raises
    ------
    ProblemError
        If skills or the elasticity are not positive, or anything else does not fit.

    References
    ----------
    Mirrlees (1971), An exploration in the theory of optimum income taxation, Review of Economic Studies 38.
    Diamond (1998), Optimal income taxation: an example with a U-shaped pattern, American Economic Review 88.

    Examples
    --------
    The skilled face no marginal tax, and pay for the transfer to the others:

    >>> from contracts import solve_menu
    >>> problem = income_tax([1.0, 2.0], elasticity=1.0)
    >>> menu = solve_menu(problem)
    >>> (1 - menu.reading["earnings"] / np.array([1.0, 2.0]) ** 2).round(3) + 0.0
    array([0.086, 0.   ])
    >>> menu.reading["tax"].round(3)
    array([-0.595,  0.595])
    """
    theta = one_each("skills", skills, labels)
    lowest = int(np.argmin(theta))
    if theta[lowest] <= 0:
        raise ProblemError(
            f"skills{place((lowest,), names_for(skills, labels))} is {theta[lowest]}: every skill must be "
            "positive; give those who cannot work a small one"
        )
    k = 1 + 1 / positive("elasticity", elasticity)
    earnings = Reading("earnings", good=0, scale=k ** (1 / k), power=1 / k)
    return ScreeningProblem(
        -(theta**-k),
        weights,
        cost=Power(1 / k, scale=-(k ** (1 / k))),
        objective=Welfare(welfare_weights, welfare_function, profit_weight=0.0, minimum_profit=revenue),
        labels=labels_for("skills", skills, weights, labels),
        goods=("effort",),
        readings=(
            earnings,
            Reading("consumption", per_transfer=-1.0),
            replace(earnings, name="tax", per_transfer=1.0),
        ),
    )
