"""Mixed logit by simulated maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from scipy.special import logsumexp, ndtr

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count, Values, whole
from contracts.inputs.progress import reporter
from inference.choice.data import ChoiceData, checked_data
from inference.estimation.errors import clustered
from inference.estimation.maximum import maximum_of
from inference.logit.culprits import contrasts_of, deciding, no_maximum, refuse_collinear
from inference.logit.panel import Panel, log_likelihood, panel_of
from inference.logit.units import Units, units_of
from inference.tastes.distribution import TasteDistribution, kinds_of
from inference.tastes.layout import Layout, layout_of
from inference.tastes.mixed_logit import MixedLogit
from inference.tastes.points import halton_normals, rotated, sobol_normals
from inference.tastes.simulated import scores_of
from inference.tastes.starts import first_start, in_money, random_start

FEW_DRAWS = 100  # on which a climb begins where there are several times as many
SCRAMBLINGS = 8  # other points at which the log likelihood of the estimate is computed again


@checked
def fit_mixed_logit(
    data: ChoiceData,
    random: str | Mapping[str, str] = "normal",
    *,
    correlated: bool | Sequence[str] = False,
    wtp: str | None = None,
    n_draws: int | Values = 256,
    draws: Literal["sobol", "halton"] = "sobol",
    n_starts: Count = 4,
    start_values: Values | None = None,
    rng: np.random.Generator | None = None,
    progress: bool | Callable[[str], None] = False,
) -> MixedLogit:
    """Fit a distribution of tastes to the choices of people observed several times each.

    Person n has coefficients b_n = g(mean + factor z_n), z_n standard normal (see `TasteDistribution`), and takes
    option j of a set with probability exp(b_n . x_j) / sum_k exp(b_n . x_k), always with the same b_n. The likelihood
    of its choices is averaged over draws of z_n, and the sum of the logarithms is maximised by BFGS with the exact
    gradient from several starts, then Newton from the best end. The likelihood has several maxima; `convergence` says
    how many starts ended at the one returned. Standard errors are clustered by person, as in all estimators:
    n / (n - 1) I^-1 (sum_n s_n s_n') I^-1, with s_n the score of each of n people and I the information.

    Parameters
    ----------
    data : ChoiceData, at least as many people as parameters
    random : how tastes vary: "normal", "positive" or "negative" (lognormal), "uniform", "triangular", "truncated
        positive" or "truncated negative" (a normal known to be of that sign), "component" (an error component: normal
        with mean 0, for the columns that `data.described(components=...)` makes), "fixed"; one word for all, or a
        mapping by attribute, in which attributes left out are normal. All "fixed" is the multinomial logit.
    correlated : True: tastes vary together; or a list of those that do. Otherwise `factor` is diagonal
    wtp : attribute that is paid: tastes for all others are then estimated as worths in it, willingness to pay. The
        utility of worths w at price p is -b (p - w . x); the price coefficient b is "negative" unless `random` maps it
        to "truncated negative" or "fixed"
    n_draws : points per person, best a power of two, or an (n_people, n_draws, n_attributes) array of standard normals
    draws : "sobol", scrambled; or "halton", plain without `rng`: the sequences of the first primes, the first 100
        elements left out, people one after the other in the order of their labels (as in mlogit for R). Few plain
        points are unevenly spread in the large primes, so the optimum still moves.
    n_starts : the first is the multinomial logit without spreads, the others have random spreads; each costs about as
        much as the whole fit with one. The multinomial logit has one maximum and needs one.
    start_values : (n_parameters,) like `parameters` of the result, in the units of the data; the first start, before
        the multinomial logit
    rng : scrambles the points and draws the starts; None: default_rng(0), so that results are the same every time
    progress : True to print a line per iteration to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If an attribute is not known or does not vary between options, attributes are collinear, such as a full set of
        constants, or the price of `wtp` varies so that somebody likes paying.
    SolverError
        If the likelihood has no proper maximum, for instance because an attribute decides every choice; it is
        named.

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 6, 9, 10. Revelt & Train (1998), Review of Economics and
    Statistics 80. Train & Weeks (2005), Discrete choice models in preference space and willingness-to-pay space.

    Examples
    --------
    >>> from inference.tastes.distribution import choices_of
    >>> rng = np.random.default_rng(1)
    >>> offers = ChoiceData(rng.normal(size=(600, 3, 1)), np.zeros(600, int), np.repeat(np.arange(100), 6), ["speed"])
    >>> truth = TasteDistribution(("normal",), np.array([1.0]), np.array([[0.8]]))
    >>> model = fit_mixed_logit(choices_of(offers, truth.draw(100, rng=rng), rng), n_draws=50)
    >>> bool(abs(model.means[0] - 1.0) < 3 * model.standard_errors[0, 0])
    True

    Willingness to pay that varies as a triangle, with lognormal price coefficients:

    >>> both = ChoiceData(rng.normal(size=(600, 3, 2)), np.zeros(600, int), offers.person, ["price", "speed"])
    >>> worths = TasteDistribution(("negative", "triangular"), np.array([0.5, 2.0]), np.diag([0.3, 1.0]), price=0)
    >>> data = choices_of(both, worths.draw(100, rng=rng), rng)
    >>> model = fit_mixed_logit(data, {"speed": "triangular"}, wtp="price", n_draws=64, n_starts=1)
    >>> bool(abs(model.means[1] - 2.0) < 3 * model.standard_errors[0, 1])
    True
    """
    names = tuple(checked_data(data).names or ())
    layout = layout_of(kinds_of(random, names, wtp), names, correlated=correlated, price=wtp)
    if rng is not None:
        generator(rng)
    units = units_of(data)
    normals = _normals(data, layout, n_draws, draws, rng)
    scaled = units.applied(data)
    located = layout.located
    refuse_collinear(contrasts_of(scaled)[:, located], tuple(names[k] for k in located))
    panel = panel_of(scaled, normals.shape[1])
    each = data.person_weight
    scores = scores_of(panel, normals, layout, each)
    is_many = normals.shape[1] >= 4 * FEW_DRAWS
    few = normals[:, :FEW_DRAWS]
    coarse = scores_of(panel_of(scaled, FEW_DRAWS), few, layout, each) if is_many else None

    alike = not len(layout.rows)
    pooled = np.zeros(len(names)) if alike and wtp is None else _pooled(data, layout) * units.size
    if layout.price is not None:
        pooled, units = in_money(pooled, units, layout.price)
    first = first_start(pooled, layout, units)
    chance = np.random.default_rng(0) if rng is None else rng
    starts = [first] if start_values is None else [_given_start(start_values, layout, units), first]
    starts += [random_start(first, layout, units, chance) for _ in range(n_starts - len(starts))]
    starts = starts[: 1 if alike else n_starts]
    try:
        found = maximum_of(scores, starts, reporter(progress), coarse)
    except SolverError as trouble:
        raise _explained(trouble, scaled) from trouble
    covariance = clustered(scores(found.parameters)[1], found.information)
    elsewhere = _elsewhere(panel, each, layout.tastes(found.parameters), normals, n_draws, draws, chance)
    stretch, shift = layout.to_users(units)
    entries = slice(len(located), None)
    own = layout.rows == layout.columns
    turned = np.ones(len(names))
    turned[layout.rows[own]] = np.where(found.parameters[entries][own] < 0, -1.0, 1.0)
    stretch[entries] *= turned[layout.columns]  # factor z is the same with a column of the factor and its z turned
    parameters, both = found.parameters * stretch + shift, np.outer(stretch, stretch)
    return MixedLogit(
        data,
        layout.tastes(parameters),
        found.log_likelihood,
        parameters,
        covariance * both,
        found.information / both,
        normals * turned,
        layout.rows,
        layout.columns,
        found.convergence,
        elsewhere,
    )


def _pooled(data: ChoiceData, layout: Layout) -> Array:
    """Coefficients of the multinomial logit, 0 for error components; (n_attributes,)."""
    located, names = layout.located, tuple(data.names or ())
    found = np.zeros(len(names))
    if len(located):
        plain = replace(data, attributes=data.attributes[:, :, located], names=[names[k] for k in located])
        found[located] = fit_mixed_logit(plain, "fixed").parameters
    return found


# ---- the door ----


def _normals(data: ChoiceData, layout: Layout, n_draws: Any, draws: str, rng: np.random.Generator | None) -> Array:
    if draws not in ("sobol", "halton"):
        raise ProblemError(f"draws is {draws!r}: use 'sobol' or 'halton', and n_draws for how many")
    if not len(layout.rows):
        return np.zeros((data.n_people, 1, data.n_attributes))
    if isinstance(n_draws, int | np.integer):
        if whole("n_draws", n_draws) < 1:
            raise ProblemError(f"n_draws is {n_draws}: use at least 1 point per person, better hundreds")
        return _points((data.n_people, int(n_draws), data.n_attributes), layout.varying, draws, rng)
    given = finite("n_draws", n_draws)
    if given.ndim != 3 or given.shape[0] != data.n_people or given.shape[2] != data.n_attributes:
        raise ProblemError(
            f"n_draws has shape {given.shape}; expected ({data.n_people}, n_draws, {data.n_attributes}): standard "
            "normals for every person and attribute"
        )
    return np.array(given)


def _points(shape: tuple[int, int, int], varying: Any, draws: str, rng: np.random.Generator | None) -> Array:
    """Points for the tastes that vary, in order; 0 for the others."""
    n_people, n_draws, _ = shape
    normals = np.zeros(shape)
    if draws == "halton":
        normals[:, :, varying] = halton_normals(n_people, n_draws, len(varying), rng)
    else:
        chance = np.random.default_rng(0) if rng is None else rng
        normals[:, :, varying] = sobol_normals(n_people, n_draws, len(varying), chance)
    return normals


def _elsewhere(
    panel: Panel,
    each: Array,
    tastes: TasteDistribution,
    normals: Array,
    n_draws: Any,
    draws: str,
    rng: np.random.Generator,
) -> Array:
    """The simulated log likelihood of an estimate at other draws of the same points; (n_scramblings,), or empty.

    Sobol points are scrambled anew, Halton points rotated (Cranley & Patterson 1976).
    """
    varying = np.flatnonzero([mixing.varies for mixing in tastes.mixings])
    if not len(varying) or not isinstance(n_draws, int | np.integer):
        return np.empty(0)
    values, others = [], np.zeros(normals.shape)
    points = ndtr(normals[:, :, varying]) if draws == "halton" else None
    for _ in range(SCRAMBLINGS):
        if points is None:
            others = _points(normals.shape, varying, draws, rng)
        else:
            others[:, :, varying] = rotated(points, rng)
        by_draw = log_likelihood(panel, tastes.coefficients(others))
        values.append(float(each @ (logsumexp(by_draw, axis=1) - np.log(n_draws))))
    return np.array(values)


def _explained(trouble: SolverError, data: ChoiceData) -> SolverError:
    """The same error with the attributes that decide every choice, if some do."""
    if not deciding(contrasts_of(data), tuple(data.names or ())):
        return trouble
    return SolverError(no_maximum(data), trouble.tried, trouble.reached)


def _given_start(start_values: Any, layout: Layout, units: Units) -> Array:
    """Parameters of the user in computed units."""
    given = finite("start_values", start_values)
    if given.shape != (layout.n_parameters,):
        raise ProblemError(
            f"start_values has shape {given.shape}; expected ({layout.n_parameters},): {len(layout.located)} means, "
            f"then the {len(layout.rows)} free entries of the factor, like `parameters` of a fit"
        )
    stretch, shift = layout.to_users(units)
    return np.asarray((given - shift) / stretch)
