"""Prices: one seller, buyers whose tastes it cannot see."""

from __future__ import annotations

from typing import Any, Literal

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite
from contracts.inputs.door import checked
from contracts.models.checks import in_words, names_for, not_negative, one_each, positive, table_of
from contracts.problem.costs import Linear, Power, Quadratic
from contracts.problem.domains import Box, Domain, NonNegative, Simplex
from contracts.problem.reading import Reading
from contracts.problem.screening import Participation, ScreeningProblem

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
    not_negative("types", one_each("types", types, labels), names_for(types, labels))
    return ScreeningProblem(
        types,
        weights,
        cost=Quadratic(positive("curvature", curvature)),
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
    exponent = positive("exponent", exponent)
    if exponent >= 1:
        raise ProblemError(
            f"exponent is {exponent}: utility theta q^exponent needs falling marginal utility, an exponent below 1; "
            "if every unit is worth theta, state a ScreeningProblem with cost=Linear(unit_cost) and domain=Box(0, most)"
        )
    not_negative("types", one_each("types", types, labels), names_for(types, labels))
    return ScreeningProblem(
        types,
        weights,
        cost=Power(1 / exponent, scale=positive("unit_cost", unit_cost)),
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
    table_of("types", types, "goods", labels, instead="for one good use mussa_rosen")
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
    return in_words(problem, "good", "price")


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
    finite("values", values, names_for(values, labels))  # refused under the name it has here
    problem = ScreeningProblem(
        values,
        weights,
        cost=Linear(seller_value),
        domain=domains[demand],
        labels=labels,
        goods=goods,
    )
    return in_words(problem, "good" if problem.n_goods > 1 else "probability", "price")


# ---- how contracts read ----


# ---- the door ----
