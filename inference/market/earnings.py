"""What a menu earns from people whose tastes are estimated, and how far their tastes may be off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import gammaincinv

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.names import listed
from contracts.menu.menu import Menu
from contracts.problem.uncertainty import Ellipsoid
from inference.choice.offered import choice_set
from inference.estimation.derived import N_DRAWS, Derived, with_errors
from inference.logit.quantisation import goods_beside
from inference.market.offers import Demand, check_demand
from inference.market.responses import willingness_to_pay
from inference.reports.summary import checked_level


@checked(own=("model",))
def menu_earnings(
    model: Demand,
    menu: Menu,
    *,
    price: str,
    outside: str | None = None,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """What a menu earns per person if people choose from it as a model says, with the errors of its estimates.

    People of the model err: they choose by logit probabilities, and the outside option is one of the options. So the
    earnings differ from `menu.value`, which is what people who choose exactly bring.

    Parameters
    ----------
    model : MultinomialLogit, LatentTypes, LatentClasses or MixedLogit (nests are of the options of the data, not of a
        menu's); the goods of the menu are among its attributes,
        and those that are not are the same for all options
    menu : whose transfers are the attribute `price`
    price : attribute that is paid
    outside : attribute that is 1 for the outside option; without it leaving means no goods and no transfer
    method, n_draws, rng : as in `with_errors`. For a bootstrap: `bootstrap(data, fit, lambda model:
        menu_earnings(model, menu, price=...).values, rng=rng)`

    Raises
    ------
    ProblemError
        If a good of the menu is no attribute, the principal's payoff depends on who takes an option, or the outside
        option is worth a reservation utility that `outside` does not name.

    Examples
    --------
    >>> import contracts
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> from inference.choice.data import ChoiceData
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.uniform(0.0, 3.0, size=(2000, 3, 2))
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(2000, 3))).argmax(axis=1)
    >>> model = fit_multinomial_logit(ChoiceData(offers, taken, names=["price", "quality"]))
    >>> menu = contracts.solve_menu(model.screening_problem(price="price", cost=contracts.Quadratic()))
    >>> menu_earnings(model, menu, price="price").names
    ('earnings',)
    """
    offers, payoff = _offered(model, menu, price, outside)
    return with_errors(
        model,
        lambda one: float(one.predict(offers[np.newaxis])[0] @ payoff),
        ["earnings"],
        method=method,
        n_draws=n_draws,
        rng=rng,
    )


def _offered(model: Any, menu: Menu, price: str, outside: str | None) -> tuple[Array, Array]:
    """Attributes of the options, the outside option last, (m + 1, n_attributes), and what each brings, (m + 1,)."""
    check_demand(model)
    names, problem = list(model.names), menu.problem
    goods = list(map(str, problem.goods))
    for name in (*goods, price, *([] if outside is None else [outside])):
        if name not in names:
            raise ProblemError(f"{name!r} is no attribute of the model, which has {listed(names)}: name goods alike")
    if not problem.outside.is_contract and outside is None and np.any(problem.reservation_utility):
        raise ProblemError(
            "leaving is worth a reservation utility, not a contract: name the model's attribute for it, "
            "outside='outside'"
        )
    payoff = choice_set(menu).payoff
    if np.ptp(payoff, axis=0).max() > 1e-9 * max(1.0, float(np.abs(payoff).max())):
        raise ProblemError(
            "what an option brings depends on the type that takes it (principal_values differ), and the people of the "
            "model are not these types"
        )
    allocations, transfers = menu.options
    offers = np.zeros((len(transfers) + 1, len(names)))
    offers[:, [names.index(good) for good in goods]] = np.vstack([allocations, problem.outside.allocation])
    offers[:-1, names.index(price)] = transfers
    if outside is not None:
        offers[:, names.index(outside)] = np.append(1.0 - menu.option_serving, 1.0)
    return offers, payoff[0]


@checked(own=("model",))
def confidence_set(model: Demand, *, price: str, goods: Sequence[str] | None = None, level: float = 0.95) -> Ellipsoid:
    """Ellipsoids that hold the true willingness to pay with a stated confidence, for `uncertainty=` of a problem.

    The menu that is best against such a set keeps its promises for every valuation in it.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, MixedLogit, LatentTypes or LatentClasses; of types each has its own set
    price : attribute that is paid
    goods : attributes that a contract can vary, in the order of the problem; by default all others
    level : of each type's set

    Examples
    --------
    >>> import contracts
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> from inference.choice.data import ChoiceData
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.uniform(0.0, 3.0, size=(2000, 3, 2))
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(2000, 3))).argmax(axis=1)
    >>> model = fit_multinomial_logit(ChoiceData(offers, taken, names=["price", "quality"]))
    >>> problem = model.screening_problem(
    ...     price="price", cost=contracts.Quadratic(), uncertainty=confidence_set(model, price="price"))
    >>> contracts.solve_menu(problem).certificate.holds
    True
    """
    checked_level(level)
    check_demand(model)
    kept = goods_beside(tuple(model.names), price, goods)
    worth = willingness_to_pay(model, price, kept)
    size = len(kept)
    n_types = len(worth.values) // size
    blocks = worth.covariance.reshape(n_types, size, n_types, size)[np.arange(n_types), :, np.arange(n_types)]
    radius = np.sqrt(2 * gammaincinv(size / 2, level))
    sizes, directions = np.linalg.eigh(blocks)
    return Ellipsoid(radius * directions * np.sqrt(np.maximum(sizes, 0.0))[:, np.newaxis])
