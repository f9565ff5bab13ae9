"""Textbook problems by name: each is the data that turns the one menu program into a model of the literature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number, place
from contracts.inputs.door import checked
from contracts.inputs.names import check_same_names, given_names, row_names, type_names
from contracts.problem.costs import Cost, Entropy, Linear, Power, Quadratic
from contracts.problem.domains import Box, Domain, NonNegative, Simplex
from contracts.problem.objectives import Isoelastic, Profit, Welfare
from contracts.problem.reading import TAKEN, Reading
from contracts.problem.screening import Participation, ScreeningProblem, Transfers

LOG_UTILITY = Isoelastic(1.0)  # W(u) = log u, the usual benchmark of optimal taxation
PRICE = Reading("price", per_transfer=1.0)


@checked
def mussa_rosen(
    types: Any,
    weights: Any = None,
    *,
    curvature: float = 1.0,
    reservation_utility: Any = 0.0,
    participation: Participation = "voluntary",
    serving_cost: float = 0.0,
    labels: Any = None,
) -> ScreeningProblem:
    """A monopolist sells one good in many qualities to buyers whose taste for quality it cannot see.

    A buyer of type theta enjoys quality q at theta q and pays t; quality costs the seller curvature q^2 / 2.

    Parameters
    ----------
    types : (n_types,) array theta, non-negative, money per unit of quality
    weights : (n_types,) array, shares of the types; equal if left out
    curvature : positive, how fast the marginal cost of quality rises, money per unit of quality squared
    reservation_utility : number or (n_types,) array, money; what buyers have without the good
    participation, serving_cost : whether types can be left out, and what serving anybody costs; see ScreeningProblem
    labels : names of the types

    Raises
    ------
    ProblemError
        If types are not one non-negative number each, or anything else does not fit.

    References
    ----------
    Mussa & Rosen (1978), Monopoly and product quality, Journal of Economic Theory 18.

    Examples
    --------
    The eager type gets its efficient quality, the other one less than its 1, so as not to tempt the first:

    >>> from contracts import solve_menu
    >>> menu = solve_menu(mussa_rosen([1.0, 2.0], [0.75, 0.25]))
    >>> menu.allocation.round(6).ravel()
    array([0.666667, 2.      ])
    """
    _not_negative("types", _one_each("types", types, labels), _names(types, labels))
    return ScreeningProblem(
        types,
        weights,
        cost=Quadratic(_positive("curvature", curvature)),
        reservation_utility=reservation_utility,
        participation=participation,
        serving_cost=serving_cost,
        labels=labels,
        goods=("quality",),
        readings=(Reading("quality", good=0), PRICE),
    )


@checked
def maskin_riley(
    types: Any,
    weights: Any = None,
    *,
    exponent: float = 0.5,
    unit_cost: float = 1.0,
    reservation_utility: Any = 0.0,
    participation: Participation = "voluntary",
    serving_cost: float = 0.0,
    labels: Any = None,
) -> ScreeningProblem:
    """A monopolist sets a nonlinear tariff for buyers of one good whose taste it cannot see.

    A buyer of type theta enjoys the quantity q at theta q^exponent, with falling marginal utility, and pays t; every
    unit costs the seller unit_cost. The allocation of the menu is x = q^exponent, in which utility is linear and the
    cost unit_cost x^(1 / exponent) convex. Tables show the quantity x^(1 / exponent), `menu.reading["quantity"]`.

    Parameters
    ----------
    types : (n_types,) array theta, non-negative, money per unit of q^exponent
    weights : (n_types,) array, shares of the types; equal if left out
    exponent : in (0, 1), the elasticity of gross utility with respect to quantity
    unit_cost : positive, money per unit of q
    reservation_utility : number or (n_types,) array, money; what buyers have without the good
    participation, serving_cost : whether types can be left out, and what serving anybody costs; see ScreeningProblem
    labels : names of the types

    Raises
    ------
    ProblemError
        If types are not one non-negative number each, or the exponent does not lie in (0, 1).

    References
    ----------
    Maskin & Riley (1984), Monopoly with incomplete information, RAND Journal of Economics 15.

    Examples
    --------
    Utility 2 theta sqrt(q) at unit cost 1 asks for q = theta^2; the low type is served less:

    >>> from contracts import solve_menu
    >>> menu = solve_menu(maskin_riley([2.0, 4.0], [0.75, 0.25], exponent=0.5))
    >>> menu.reading["quantity"].round(6)
    array([0.444444, 4.      ])
    """
    exponent = _positive("exponent", exponent)
    if exponent >= 1:
        raise ProblemError(
            f"exponent is {exponent}: utility theta q^exponent needs falling marginal utility, an exponent below 1; "
            "if every unit is worth theta, state a ScreeningProblem with cost=Linear(unit_cost) and domain=Box(0, most)"
        )
    _not_negative("types", _one_each("types", types, labels), _names(types, labels))
    return ScreeningProblem(
        types,
        weights,
        cost=Power(1 / exponent, scale=_positive("unit_cost", unit_cost)),
        reservation_utility=reservation_utility,
        participation=participation,
        serving_cost=serving_cost,
        labels=labels,
        goods=("utility of quantity",),
        readings=(Reading("quantity", good=0, power=1 / exponent), PRICE),
    )


@checked
def multiproduct(
    types: Any,
    weights: Any = None,
    *,
    curvature: Any = 1.0,
    capacity: Any = None,
    reservation_utility: Any = 0.0,
    participation: Participation = "voluntary",
    serving_cost: float = 0.0,
    labels: Any = None,
    goods: Any = None,
) -> ScreeningProblem:
    """A monopolist sells several goods, each in any quality, to buyers whose tastes differ in several dimensions.

    A buyer of type theta in R^n_goods enjoys the bundle x at theta . x and pays t; the bundle costs
    curvature |x|^2 / 2. In a continuum of types some buyers are always left out (Armstrong), and some that differ are
    bunched (Rochet & Chone).

    Parameters
    ----------
    types : (n_types, n_goods) array or dataframe theta, money per unit of each good
    weights : (n_types,) array, shares of the types; equal if left out
    curvature : positive number, one per good, or a positive definite matrix Q for the cost x' Q x / 2
    capacity : largest amount of the goods, a number or one per good; none if left out
    reservation_utility : number or (n_types,) array, money
    participation, serving_cost : whether types can be left out, and what serving anybody costs; see ScreeningProblem
    labels, goods : names of types and goods

    Raises
    ------
    ProblemError
        If types are not a matrix, or anything else does not fit.

    References
    ----------
    Rochet & Chone (1998), Ironing, sweeping, and multidimensional screening, Econometrica 66.
    Armstrong (1996), Multiproduct nonlinear pricing, Econometrica 64.

    Examples
    --------
    Two specialists and a generalist, who is given a bit less of everything than the efficient (1.5, 1.5):

    >>> from contracts import solve_menu
    >>> menu = solve_menu(multiproduct([[2.0, 1.0], [1.0, 2.0], [1.5, 1.5]]))
    >>> menu.certificate.holds
    True
    """
    _table("types", types, "goods", labels, instead="for one good use mussa_rosen")
    problem = ScreeningProblem(
        types,
        weights,
        cost=Quadratic(curvature),
        domain=NonNegative() if capacity is None else Box(0.0, finite("capacity", capacity)),
        reservation_utility=reservation_utility,
        participation=participation,
        serving_cost=serving_cost,
        labels=labels,
        goods=goods,
    )
    return _read(problem, "good", "price")


@checked
def optimal_auction(
    values: Any,
    weights: Any = None,
    *,
    demand: Literal["additive", "unit"] = "additive",
    seller_value: Any = 0.0,
    labels: Any = None,
    goods: Any = None,
) -> ScreeningProblem:
    """A seller of one or several indivisible goods faces one buyer whose values it cannot see.

    The allocation holds the probability of getting each good. An additive buyer may get all of them, each worth its
    value; a buyer with unit demand gets at most one. For one good the optimum is a reserve price (Myerson); for several
    it may need bundles and lotteries.

    Parameters
    ----------
    values : (n_types, n_goods) array or dataframe, money per good; (n_types,) for one good
    weights : (n_types,) array, shares of the types; equal if left out
    demand : "additive" (allocations in [0, 1]^n_goods) or "unit" (probabilities that sum to at most 1)
    seller_value : number or (n_goods,) array, money; what keeping a good is worth to the seller
    labels, goods : names of types and goods

    Raises
    ------
    ProblemError
        If demand is neither "additive" nor "unit", or anything else does not fit.

    References
    ----------
    Myerson (1981), Optimal auction design, Mathematics of Operations Research 6.
    Manelli & Vincent (2006), Bundling as an optimal selling mechanism, Journal of Economic Theory 127.
    Daskalakis, Deckelbaum & Tzamos (2017), Strong duality for a multiple-good monopolist, Econometrica 85.
    Pavlov (2011), Optimal mechanism for selling two goods, B.E. Journal of Theoretical Economics 11.

    Examples
    --------
    Four equally likely values, one good: 0.4 sells three times out of four, 0.6 twice, and no lottery does better.

    >>> from contracts import solve_menu
    >>> menu = solve_menu(optimal_auction([0.2, 0.4, 0.6, 0.8]))
    >>> round(menu.value, 6)
    0.3
    """
    domains: dict[str, Domain] = {"additive": Box(0.0, 1.0), "unit": Simplex(free_disposal=True)}
    if demand not in domains:
        raise ProblemError(f"demand is {demand!r}: use 'additive' (may get every good) or 'unit' (wants one of them)")
    finite("values", values, _names(values, labels))  # refused under the name it has here
    problem = ScreeningProblem(
        values,
        weights,
        cost=Linear(seller_value),
        domain=domains[demand],
        labels=labels,
        goods=goods,
    )
    return _read(problem, "good" if problem.n_goods > 1 else "probability", "price")


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
    costs = _not_negative(
        "marginal_costs", _one_each("marginal_costs", marginal_costs, labels), _names(marginal_costs, labels)
    )
    intercept, slope = _positive("demand_intercept", demand_intercept), _positive("demand_slope", demand_slope)
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
        domain=Box(0.0, intercept / slope if capacity is None else _positive("capacity", capacity)),
        principal_values=intercept,
        objective=Profit() if alpha == 0 else Welfare(weights=alpha),
        labels=_labels("marginal_costs", marginal_costs, weights, labels),
        goods=("output",),
        readings=(
            Reading("quantity", good=0),
            Reading("price", good=0, scale=-slope, constant=intercept),
            Reading("payment", per_transfer=-1.0),
        ),
    )


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
    theta = _one_each("skills", skills, labels)
    lowest = int(np.argmin(theta))
    if theta[lowest] <= 0:
        raise ProblemError(
            f"skills{place((lowest,), _names(skills, labels))} is {theta[lowest]}: every skill must be "
            "positive; give those who cannot work a small one"
        )
    k = 1 + 1 / _positive("elasticity", elasticity)
    earnings = Reading("earnings", good=0, scale=k ** (1 / k), power=1 / k)
    return ScreeningProblem(
        -(theta**-k),
        weights,
        cost=Power(1 / k, scale=-(k ** (1 / k))),
        objective=Welfare(welfare_weights, welfare_function, profit_weight=0.0, minimum_profit=revenue),
        labels=_labels("skills", skills, weights, labels),
        goods=("effort",),
        readings=(
            earnings,
            Reading("consumption", per_transfer=-1.0),
            replace(earnings, name="tax", per_transfer=1.0),
        ),
    )


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
    _table("utility_matrix", utility_matrix, "outcomes", labels, instead="write one type as one row, [[...]]")
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
    return _read(problem, "outcome", "payment")


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
    rewards = _table("utility_matrix", utility_matrix, "policies", labels, instead="write one type as one row, [[...]]")
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
    return _read(problem, "policy", "payment")


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


# ---- how contracts read ----


def _read(problem: ScreeningProblem, noun: str, money: str) -> ScreeningProblem:
    """The problem with columns named after its goods, or numbered by what they are, and after what is paid."""
    given, count = given_names(problem.goods), problem.n_goods
    names = [noun if count == 1 else f"{noun} {k}" for k in range(count)]
    if given is not None:
        names = [f"{noun} {name}" if name in (*TAKEN, money) else str(name) for name in given]
    goods = tuple(Reading(name, good=k) for k, name in enumerate(names))
    return replace(problem, readings=(*goods, Reading(money, per_transfer=1.0)))


# ---- the door ----


def _one_each(name: str, values: Any, labels: Any) -> Array:
    """One number per type; (n_types,)."""
    array = finite(name, values, _names(values, labels))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0:
        raise ProblemError(
            f"{name} has shape {array.shape}; expected one number per type, (n_types,); "
            "for types with several dimensions use multiproduct"
        )
    return array


def _names(values: Any, labels: Any) -> Any:
    """What messages call the types: the labels given, or those of their index."""
    return type_names(values) if labels is None else labels


def _labels(name: str, values: Any, weights: Any, labels: Any) -> Any:
    """Labels of types that are not handed on as they are: those given, or their index, which weights must share."""
    remedy = f"pass weights.reindex({name}.index)"
    check_same_names("weights", row_names(weights), name, row_names(values), remedy)
    return _names(values, labels)


def _table(name: str, values: Any, columns: str, labels: Any, *, instead: str) -> Array:
    """One row per type."""
    array = finite(name, values, _names(values, labels))
    if array.ndim != 2 or array.size == 0:
        raise ProblemError(f"{name} has shape {array.shape}; expected (n_types, n_{columns}); {instead}")
    return array


def _not_negative(name: str, values: Array, labels: Any) -> Array:
    lowest = int(np.argmin(values))
    if values[lowest] < 0:
        raise ProblemError(
            f"{name}{place((lowest,), labels)} is {values[lowest]}: it must not be negative; check its sign, or state "
            "the problem as a ScreeningProblem if it is meant"
        )
    return values


def _positive(name: str, value: Any) -> float:
    number = finite(name, value)
    if number.ndim or not number > 0:
        raise ProblemError(f"{name} is {value}: give one positive number")
    return float(number)
