"""Costs behind prices: which marginal costs make the prices of a seller the best ones for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.names import listed
from inference.choice.data import ChoiceData
from inference.estimation.derived import N_DRAWS, Derived, with_errors
from inference.estimation.shares import column_of
from inference.market.offers import Demand, Market, market_of, slopes


@checked(own=("model",))
def marginal_costs(
    model: Demand,
    data: ChoiceData,
    *,
    price: str,
    sold: Sequence[str],
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """Cost per unit of each option at which the observed prices are best for whoever sells these options.

    With S_i the share of option i, p_i its price and c_i its cost, the seller of the options F maximises
    sum_{i in F} S_i (p_i - c_i). Its first-order conditions are linear in the costs,

        sum_{i in F} c_i dS_i/dp_j = d/dp_j sum_{i in F} S_i p_i         for j in F

    (Berry, Levinsohn & Pakes 1995 for several sellers). Where prices differ between observations, p_j moves all prices
    of option j by the same amount.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, LatentTypes, LatentClasses or MixedLogit
    data : ChoiceData with the attributes of the model: the offers as they were
    price : attribute that is paid
    sold : options of the seller; at least one other option must be left, or prices could rise together for ever
    method, n_draws, rng : as in `with_errors`

    Raises
    ------
    ProblemError
        If `sold` names no option or all of them, or shares do not respond to prices.

    References
    ----------
    Berry, Levinsohn & Pakes (1995), Econometrica 63. Train (2009), Discrete Choice Methods with Simulation, ch. 13.

    Examples
    --------
    A single product against leaving: the margin is 1 / (b (1 - S)), with b the marginal utility of money.

    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = np.zeros((2000, 2, 2))
    >>> offers[:, 1, 0], offers[:, 1, 1] = rng.uniform(1.0, 3.0, 2000), 1.0
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(2000, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["price", "good"], options=["none", "good"])
    >>> float(marginal_costs(fit_multinomial_logit(data), data, price="price", sold=["good"]).values[0].round(1))
    -0.3
    """
    market = market_of(model, data)
    for option in sold:
        if option not in market.options:
            raise ProblemError(f"sold names {option!r}, which is no option: the options are {listed(market.options)}")
    own = [k for k, option in enumerate(market.options) if option in set(sold)]
    if not own or len(own) == len(market.options):
        raise ProblemError(f"sold is {listed(sold)}: name at least one option, and leave at least one to others")
    column = column_of(tuple(model.names), price)

    def costs(one: Any) -> Array:
        def of(at: Market) -> Array:
            chances = at.weight[:, np.newaxis] * one.predict(at.attributes, available=at.available)
            revenue = (chances * at.attributes[:, :, column])[:, own].sum()
            return np.append(chances.sum(axis=0)[own], revenue)

        found = slopes(one, market, price, of, relative=False)[0][:, own]
        response, gain = found[:-1], found[-1]
        if np.linalg.cond(response) > 1e12:
            raise ProblemError(f"shares do not respond to {price!r}: no costs make these prices the best ones")
        return np.asarray(np.linalg.solve(response.T, gain))

    labels = [f"cost of {market.options[k]}" for k in own]
    return with_errors(model, costs, labels, method=method, n_draws=n_draws, rng=rng)
