"""The population of responders that is most likely to have answered as people did."""

from __future__ import annotations

import numpy as np

from contracts.display.limits import at_the_bound
from contracts.display.numbers import plural
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from inference.splits.answers import Decisions
from inference.splits.climb import best_population, with_one_more
from inference.splits.crowd import Kind, Lists, kinds_of, lists_of
from inference.splits.responders import NOTHING, Responders


@checked
def fit_responders(
    answers: Decisions,
    n_types: int = 1,
    *,
    start: Responders | None = None,
    rng: np.random.Generator | None = None,
) -> Responders:
    """Fit the population by maximum likelihood, from several starts if there are several kinds.

    Parameters
    ----------
    answers : what `answers_of` returns
    n_types : kinds of people; within each, log envy and log temperature are jointly normal
    start : a fit to start from as well, of as many kinds or of one fewer: more kinds then never fit worse
    rng : draws the other starts; needed for more than one kind, unless there is a `start`

    Raises
    ------
    ProblemError
        If n_types is not positive, or nothing says where to start.
    SolverError
        If the climb does not end.

    References
    ----------
    Fehr & Schmidt (1999), Quarterly Journal of Economics 114. Berndt, Hall, Hall & Hausman (1974), Annals of Economic
    and Social Measurement 3.

    Examples
    --------
    Everybody accepts 30% and more and rejects less, so that all just accept something between, and nothing in the
    answers says that people differ, or err:

    >>> from inference.splits.answers import answers_of
    >>> offer = np.tile([0.1, 0.2, 0.3, 0.4, 0.5], 40)
    >>> fit = fit_responders(answers_of(np.repeat(np.arange(40), 5), offer, offer > 0.25))
    >>> bool(0.2 < fit.minimal_acceptable_offer.mean() < 0.3)
    True
    """
    if n_types < 1 or int(n_types) != n_types:
        raise ProblemError(f"n_types is {n_types}: give a positive integer")
    if n_types > 1 and rng is None and start is None:
        raise ProblemError("several kinds of people are fitted from random starts: give rng=np.random.default_rng(...)")
    if not isinstance(answers, Decisions):
        raise ProblemError(f"answers is {type(answers).__name__}: give answers_of(person, offer, accepted)")
    if rng is not None:
        generator(rng)
    lists = lists_of(answers)
    found = best_population(lists, n_types, _starts(start, n_types, lists), rng)
    if not found.end.converged:
        raise SolverError("the population did not converge: use fewer kinds", tried=("L-BFGS", "Newton"))
    parameters = found.end.parameters
    kinds, log_shares = kinds_of(parameters, n_types, lists)
    return Responders(
        answers,
        np.exp(log_shares),
        np.array([kind.mean for kind in kinds]),
        np.array([kind.root @ kind.root.T for kind in kinds]),
        np.array([kind.guilt if lists.has_ahead else np.nan for kind in kinds]),
        parameters,
        found.n_evaluations,
        found.end.log_likelihood,
        _at_bound(kinds, found.flat),
    )


def _starts(start: Responders | None, n_types: int, lists: Lists) -> list[Array]:
    """Where another fit says to begin."""
    if start is None:
        return []
    if not n_types - 1 <= start.n_types <= n_types:
        raise ProblemError(
            f"start has {plural(start.n_types, 'kind')}, and n_types is {n_types}: start from as many kinds or from "
            "one fewer"
        )
    if start._lists.has_ahead != lists.has_ahead:
        raise ProblemError("start is of answers with offers above one half, or these are: start from the same offers")
    if start.n_types == n_types:
        return [start.parameters]
    return [with_one_more(start.parameters, start.n_types, lists)]


def _at_bound(kinds: list[Kind], flat: list[tuple[int, str, float]]) -> tuple[str, ...]:
    """What of a fit is no estimate: spreads of nothing, and what may as well be without limit."""
    said = []
    for k, kind in enumerate(kinds):
        whose = f" of kind {k + 1}" if len(kinds) > 1 else ""
        spread = np.linalg.svd(kind.root, compute_uv=False)
        if spread[0] < NOTHING:
            said.append(at_the_bound(f"sd{whose}", 0.0, "people are alike, up to the noise of a choice"))
        elif spread[1] < NOTHING:
            said.append(at_the_bound(f"sd{whose} across one line", 0.0, "envy and temperature vary together there"))
    for k, name, end in flat:
        whose = f" of kind {k + 1}" if len(kinds) > 1 else ""
        place = {"median envy": np.exp(kinds[k].mean[0]), "median temperature": np.exp(kinds[k].mean[1])}
        shown = f"{place.get(name, kinds[k].guilt):.3g}"
        way, other = ("upwards", "any larger one") if end else ("downwards", "0")
        said.append(f"{name}{whose} is open {way}: {other} fits as well as {shown}, the likelihood is flat there")
    return tuple(said)
