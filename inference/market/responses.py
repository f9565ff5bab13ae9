"""What a market does: shares, elasticities, marginal effects and surplus, with the errors of the estimates."""

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
from inference.logit.quantisation import goods_beside, worth_in_money
from inference.market.offers import Demand, check_demand, market_of, slopes
from inference.tastes.mixed_logit import MixedLogit


@checked(own=("model",))
def willingness_to_pay(
    model: Demand,
    price: str,
    goods: Sequence[str] | None = None,
    *,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """What a unit of each good is worth in money: its coefficient over minus that of the price.

    Of latent types and classes, one by one; of a mixed logit, the mean over the population.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, LatentTypes, LatentClasses or MixedLogit
    price : attribute that is paid
    goods : attributes; by default all others
    method, n_draws, rng : "delta", or "draws" (Krinsky & Robb 1986), as in `with_errors`

    Raises
    ------
    ProblemError
        If utility does not fall in the price, for somebody or at a draw: then nothing has a worth in money.

    References
    ----------
    Krinsky & Robb (1986), Review of Economics and Statistics 68. Hole (2007), Health Economics 16.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(900, 2, 2))
    >>> taken = (offers @ [-1.0, 2.0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> model = fit_multinomial_logit(ChoiceData(offers, taken, names=["price", "speed"]))
    >>> willingness_to_pay(model, "price", method="draws").interval().round(1)
    array([[1.6, 2.3]])
    """
    check_demand(model)
    names = tuple(model.names)
    kept = goods_beside(names, price, goods)
    of = getattr(model, "labels", None)  # of types and classes
    labels = kept if of is None else [f"{label}: {good}" for label in of for good in kept]
    return with_errors(
        model, lambda one: worths(one, price, kept).ravel(), labels, method=method, n_draws=n_draws, rng=rng
    )


def worths(model: Any, price: str, goods: Sequence[str]) -> Array:
    """Willingness to pay of each type, (n_types, n_goods), or of the mean of a population, (1, n_goods)."""
    names = tuple(model.names)
    if isinstance(model, MixedLogit):
        if model.price == price:  # tastes are worths already
            return np.asarray(model.means[np.newaxis, [column_of(names, good) for good in goods]])
        if model.tastes.kinds[column_of(names, price)] == "fixed":
            return worth_in_money(model.means[np.newaxis], names, price, goods)
        population = model.population
        return population.weights[np.newaxis] @ worth_in_money(population.coefficients, names, price, goods)
    return worth_in_money(np.atleast_2d(model.coefficients), names, price, goods, _rising)


def _rising(rising: Any, price: str) -> str:
    who = "" if rising.size == 1 else f" of type {int(np.argmax(rising))}"
    return (
        f"utility{who} does not fall in {price!r}, at the estimate or at a draw near it: nothing has a worth in money "
        "there. Bring choices that respond to it, or leave out what rises with it"
    )


@checked(own=("model",))
def market_shares(
    model: Demand,
    data: ChoiceData,
    *,
    before: ChoiceData | None = None,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """Share of the market that takes each option, for the offers of `data`; its choices do not matter.

    For a counterfactual pass the offers as they would be: `dataclasses.replace(data, attributes=...)`. The error
    of a change does not follow from those of the shares, which have much in common: name the offers `before`.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, LatentTypes, LatentClasses or MixedLogit
    data : ChoiceData with the attributes of the model; its weights are those of the market
    before : ChoiceData with the same options; the values are then changes, shares for `data` less those for `before`
    method, n_draws, rng : as in `with_errors`

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(size=(900, 2, 1))
    >>> taken = (-offers[:, :, 0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["price"], options=["bus", "car"])
    >>> bool(abs(market_shares(fit_multinomial_logit(data), data).values.sum() - 1) < 1e-12)
    True
    """
    market, old = market_of(model, data), None if before is None else market_of(model, before)
    if old is not None and old.options != market.options:
        raise ProblemError(
            f"before has the options {listed(old.options)}, data {listed(market.options)}: shares change only of the "
            "same ones. Mark what is not on offer as not available"
        )

    def shares(one: Any) -> Array:
        return market.shares(one) - (0.0 if old is None else old.shares(one))

    return with_errors(model, shares, market.options, method=method, n_draws=n_draws, rng=rng)


@checked(own=("model",))
def elasticities(
    model: Demand,
    data: ChoiceData,
    attribute: str,
    *,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """By how many per cent each share of the market changes if an attribute of an option grows by one per cent.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, LatentTypes, LatentClasses or MixedLogit
    data : ChoiceData with the attributes of the model; its weights are those of the market
    attribute : one of its attributes. What was made of it, such as a product with income, does not move with it
    method, n_draws, rng : as in `with_errors`

    Returns
    -------
    Derived with n_options squared values, share by share: `values.reshape(n_options, n_options)[i, j]` is the
    elasticity of the share of option i in the attribute of option j

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(3.0, 1.0, size=(900, 2, 1))
    >>> taken = (-offers[:, :, 0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["price"], options=["bus", "car"])
    >>> elasticities(fit_multinomial_logit(data), data, "price").names[:2]
    ('bus in price of bus', 'bus in price of car')
    """
    return _responses(model, data, attribute, method, n_draws, rng, relative=True)


@checked(own=("model",))
def marginal_effects(
    model: Demand,
    data: ChoiceData,
    attribute: str,
    *,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """By how much each share of the market changes per unit that an attribute of an option grows.

    Parameters and results are as in `elasticities`.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(3.0, 1.0, size=(900, 2, 1))
    >>> taken = (-offers[:, :, 0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["price"], options=["bus", "car"])
    >>> effects = marginal_effects(fit_multinomial_logit(data), data, "price").values.reshape(2, 2)
    >>> bool(np.abs(effects.sum(axis=0)).max() < 1e-9)  # what one option loses the others gain
    True
    """
    return _responses(model, data, attribute, method, n_draws, rng, relative=False)


def _responses(
    model: Any, data: ChoiceData, attribute: str, method: str, n_draws: int, rng: Any, *, relative: bool
) -> Derived:
    market = market_of(model, data)
    column = column_of(tuple(model.names), attribute)
    if relative and not market.attributes[:, :, column].any():
        raise ProblemError(f"attribute {attribute!r} is 0 everywhere: nothing grows by a per cent of it")

    def of(one: Any) -> Array:
        shares = one_share(market.shares(one)) if relative else 1.0
        return np.asarray(slopes(one, market, attribute, lambda at: at.shares(one), relative=relative)[0].T / shares).T

    labels = [f"{share} in {attribute} of {option}" for share in market.options for option in market.options]
    return with_errors(model, lambda one: of(one).ravel(), labels, method=method, n_draws=n_draws, rng=rng)


def one_share(shares: Array) -> Array:
    """Shares that something can be a per cent of."""
    return np.asarray(np.maximum(shares, np.finfo(np.float64).tiny))


@checked(own=("model",))
def surplus_change(
    model: Demand,
    before: ChoiceData,
    after: ChoiceData,
    *,
    price: str,
    method: str = "delta",
    n_draws: Count = N_DRAWS,
    rng: np.random.Generator | None = None,
) -> Derived:
    """What people gain by offers `after` instead of offers `before`, in money per choice: the difference of log-sums.

    Parameters
    ----------
    model : MultinomialLogit, NestedLogit, LatentTypes, LatentClasses or MixedLogit
    before, after : ChoiceData with the attributes of the model; their choices do not matter
    price : attribute that is paid; utility must be linear in it
    method, n_draws, rng : as in `with_errors`

    References
    ----------
    Small & Rosen (1981), Econometrica 49.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> rng = np.random.default_rng(0)
    >>> offers = rng.normal(3.0, 1.0, size=(900, 2, 1))
    >>> taken = (-offers[:, :, 0] + rng.gumbel(size=(900, 2))).argmax(axis=1)
    >>> data = ChoiceData(offers, taken, names=["price"])
    >>> cheaper = replace(data, attributes=data.attributes - 0.5)  # whatever people take, they pay a half less
    >>> surplus_change(fit_multinomial_logit(data), data, cheaper, price="price").values.round(6)
    array([0.5])
    """
    markets = [market_of(model, data) for data in (before, after)]

    def gain(one: Any) -> float:
        worth = [float(m.weight @ one.surplus(m.attributes, m.available, price=price)) for m in markets]
        return worth[1] - worth[0]

    return with_errors(model, gain, ["gain in money per choice"], method=method, n_draws=n_draws, rng=rng)
