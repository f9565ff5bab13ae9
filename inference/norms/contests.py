"""Strengths by maximum likelihood, without shrinkage: who beats whom, ties, home advantage, attributes.

A comparison of i and j is a choice between three ends, with utilities

    i is preferred   v_i + h [i at home]
    j is preferred   v_j + h [j at home]
    a tie            t + (v_i + v_j) / 2

which is Bradley & Terry (1952) without ties and home, Davidson (1970) with ties, Davidson & Beaver (1977) with both: a
tie weighs exp(t) times the geometric mean of the strengths. A ranking is a sequence of choices of the best from what is
left (Plackett 1975), and of the best set where places may be tied: a set T of several weighs exp(t_|T|) times the
geometric mean of its strengths (Firth, Kosmidis & Turner 2019), which is Davidson's tie for two. With attributes,
v_i = x_i . b instead of a strength of its own. All of it is one conditional logit, linear in its parameters, so the
likelihood is concave and Newton's method finds its maximum where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, eager, finite, is_frame
from contracts.inputs.door import checked, formerly
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names, one_of
from contracts.inputs.names import listed
from inference.norms.coded import code_answers
from inference.norms.elicitation import Comparisons, Labels, Rankings, labels_of, positions
from inference.reports.kept import Kept
from inference.reports.summary import Summary, checked_level

if TYPE_CHECKING:
    import pandas as pd

MOST_SETS = 500  # that may be best
DECREMENT = 1e-12  # nats that Newton's next step promises at the end
MOVED = 1e-7  # of a direction, below which a part of it is rounding
SEPARATED = 1e-6  # of the linear program that looks for parameters that may grow for ever


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Strengths(Kept, Tabular):
    """Strengths of policies, or teams, by maximum likelihood; made by `fit_strengths`.

    Attributes
    ----------
    policies : labels
    utilities, standard_errors : (n_policies,), logits; they sum to zero
    covariance : (n_policies, n_policies), of the utilities; singular along the constant
    parameters, coefficients, errors : names of what is common to all answers (attributes, "home", "tie"), estimates
        and standard errors
    log_likelihood, n_answers, n_steps : of the fit; Newton steps
    null_log_likelihood : of equal chances for all ends of every answer
    """

    schema = "menuwright/strengths/1"

    policies: tuple[str, ...]
    utilities: Array
    covariance: Array
    parameters: tuple[str, ...]
    coefficients: Array
    errors: Array
    log_likelihood: float
    n_answers: int
    n_steps: int
    null_log_likelihood: float
    steps = formerly("n_steps")

    @property
    def standard_errors(self) -> Array:
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def difference(self, first: Any, second: Any) -> tuple[float, float]:
        """How much stronger the first is than the second, logits, and its standard error."""
        i, j = (one_of("policy", str(label), self.policies, "policies") for label in (first, second))
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return float(self.utilities[i] - self.utilities[j]), float(np.sqrt(max(variance, 0.0)))

    def to_frame(self) -> pd.DataFrame:
        """One row per policy and common parameter: estimate, standard error."""
        pd = pandas()
        estimate = np.concatenate([self.utilities, self.coefficients])
        error = np.concatenate([self.standard_errors, self.errors])
        of = [f"strength of {one}" for one in self.policies] + list(self.parameters)
        return pd.DataFrame({"estimate": estimate, "standard_error": error}, index=pd.Index(of, name="parameter"))

    def summary(self, *, level: float = 0.95) -> Summary:
        """Estimates with z, p and intervals, and how well they fit; errors are of the inverse information.

        With attributes these are their coefficients and what else is common to all answers; without, strengths too.

        Parameters
        ----------
        level : of the intervals
        """
        checked_level(level)
        has_attributes = not set(self.parameters) <= {"home"} | {name for name in self.parameters if _is_tie(name)}
        names = list(self.parameters)
        values, errors, n_free = self.coefficients, self.errors, len(names)
        if not has_attributes:
            names = [*(f"strength of {one}" for one in self.policies), *names]
            values, errors = np.r_[self.utilities, values], np.r_[self.standard_errors, errors]
            n_free += len(self.policies) - 1
        return Summary(
            f"Strengths: {len(self.policies)} policies, {plural(self.n_answers, 'answer')}",
            names,
            values,
            errors,
            self.log_likelihood,
            self.null_log_likelihood,
            n_free,
            float(self.n_answers),
            ["classical standard errors", *([] if has_attributes else ["strengths sum to zero"])],
            level,
        )

    def _table(self) -> Table:
        order = np.argsort(-self.utilities, kind="stable")
        rows = [*(self.policies[k] for k in order), *self.parameters]
        estimate = np.concatenate([self.utilities[order], self.coefficients])
        error = np.concatenate([self.standard_errors[order], self.errors])
        columns = [
            names("", rows),
            Column("estimate", estimate, ".3f"),
            Column("error", error, "({:.3f})".format, "(se)"),
        ]
        size = f"{len(self.policies)} policies, {plural(self.n_answers, 'answer')}"
        return Table(columns, f"Strengths: {size}; log likelihood {self.log_likelihood:.2f}; logits that sum to zero")


@checked
def fit_strengths(
    answers: Any,
    *,
    attributes: Any = None,
    attribute_names: Names = None,
    policies: Names = None,
) -> Strengths:
    """Strengths by maximum likelihood from comparisons or rankings, all groups together.

    Nothing is shrunk: who never lost has no finite strength, and is named. `elicit_norms` pools groups instead.

    Parameters
    ----------
    answers : Comparisons, or Rankings. If there are ties (`tied`), a parameter "tie" says how common they are, or
        "tie of 2", "tie of 3", ... for the sizes that occur in rankings; with `at_home`, "home" says how large that
        advantage is
    attributes : strengths are then attributes times coefficients: a frame with a column `policy` and one of numbers for
        every attribute; or an (n_policies, n_attributes) array in the order of `policies`
    attribute_names : of an array, by default "0", "1", ...
    policies : labels in the order wanted; needed with an array of attributes, by default all that occur, sorted

    Raises
    ------
    ProblemError
        If shapes do not fit, or nothing finite is most likely: the policies that never lost, the parameter that decides
        every answer, or the sets that no answer connects are named.

    References
    ----------
    Davidson (1970), Journal of the American Statistical Association 65. Davidson & Beaver (1977), Biometrics 33. Ford
    (1957), American Mathematical Monthly 64. Plackett (1975), Applied Statistics 24. Firth, Kosmidis & Turner (2019),
    Davidson-Luce model for multi-item choice with ties.

    Examples
    --------
    >>> games = [("ann", "bob")] * 6 + [("bob", "ann")] * 3 + [("ann", "bob")] * 4
    >>> winner, loser = zip(*games)
    >>> found = fit_strengths(Comparisons(["all"] * 13, winner, loser, tied=[False] * 9 + [True] * 4))
    >>> round(found.difference("ann", "bob")[0], 6), found.parameters
    (0.693147, ('tie',))
    """
    if not isinstance(answers, Comparisons | Rankings):
        raise ProblemError(f"answers is {type(answers).__name__}: give Comparisons or Rankings")
    coded = code_answers([answers], policies)
    basis, own = _strength_design(coded.policies, attributes, attribute_names, policies)
    if isinstance(answers, Comparisons):
        ends = _ends(answers, coded.compared, basis)
    elif answers.has_ties:
        ends = _sets(answers, coded.policies, basis)
    else:
        ends = _choices(coded.chosen, basis)
    parameters = (*own, *ends.common)
    labels = tuple(map(str, coded.policies))
    _check_finite(ends, basis, labels, parameters)
    found, value, information, steps = _maximum(ends)
    covariance = np.linalg.inv(information)
    size = basis.shape[1]
    centred = basis - basis.mean(axis=0)
    kept = slice(0 if attributes is not None else size, None)
    return Strengths(
        labels,
        centred @ found[:size],
        centred @ covariance[:size, :size] @ centred.T,
        parameters,
        found[kept],
        np.sqrt(np.diag(covariance)[kept]),
        value,
        answers.n_answers,
        steps,
        -float(ends.taken.sum(axis=1) @ np.log(ends.possible.sum(axis=1))),
    )


def _is_tie(name: str) -> bool:
    return name == "tie" or name.startswith("tie of ")


class _Ends(NamedTuple):
    """Every distinct choice: features of its ends, which are possible, how often each was taken."""

    features: Array  # (n_sets, n_ends, n_parameters)
    possible: Any  # (n_sets, n_ends) of bool
    taken: Array  # (n_sets, n_ends)
    common: tuple[str, ...]  # names of the parameters besides strengths


def _strength_design(labels: Labels, attributes: Any, given: Any, policies: Any) -> tuple[Array, tuple[str, ...]]:
    """Strengths as a linear function of parameters, (n_policies, n), and the names of attributes."""
    if attributes is None:
        if given is not None:
            raise ProblemError(
                "attribute_names names attributes, and none are given: pass attributes=, or leave it out"
            )
        return np.eye(len(labels))[:, 1:], ()
    if is_frame(attributes):
        return _from_frame(attributes, labels)
    if policies is None:
        raise ProblemError("attributes has one row per policy: say in which order, policies=[...]")
    design = finite("attributes", attributes)
    if design.ndim != 2 or len(design) != len(labels) or not design.shape[1]:
        raise ProblemError(
            f"attributes has shape {design.shape}; expected ({len(labels)}, n_attributes), row by policy"
        )
    named = tuple(map(str, range(design.shape[1]) if given is None else given))
    if len(named) != design.shape[1] or len(set(named)) < len(named):
        raise ProblemError(
            f"attribute_names has {len(named)} names for {design.shape[1]} attributes: name each its own"
        )
    return design, named


def _from_frame(frame: Any, labels: Labels) -> tuple[Array, tuple[str, ...]]:
    """Attributes of the policies and their names from a frame with one row per policy."""
    table = eager(frame)
    named = tuple(str(name) for name in table.columns if name != "policy")
    if len(named) == len(table.columns) or not named:
        raise ProblemError(
            f"attributes has the columns {listed(table.columns)}: give a column 'policy' with the labels, and one for "
            "every attribute"
        )
    rows = positions("policies of the attributes", labels, labels_of("policy", table["policy"].to_numpy()))
    columns = [finite(f"attributes[{name!r}]", table[name].to_numpy()) for name in named]
    return np.column_stack(columns)[rows], named


def _ends(answers: Comparisons, compared: Any, basis: Array) -> _Ends:
    _, _, winner, loser = compared
    home, ties = answers.home, answers.has_ties
    tie = np.zeros(len(winner), dtype=bool) if answers.tied is None else answers.tied
    swap = winner > loser
    first, second = np.where(swap, loser, winner), np.where(swap, winner, loser)
    result = np.where(tie, 2, swap)
    key, row = np.unique(np.column_stack([first, second, np.where(swap, -home, home)]), axis=0, return_inverse=True)
    taken = np.bincount(row.ravel() * 3 + result, minlength=3 * len(key)).reshape(-1, 3).astype(np.float64)
    up, down = basis[key[:, 0]], basis[key[:, 1]]
    features = np.stack([up, down, (up + down) / 2], axis=1)
    common: list[str] = []
    if answers.at_home is not None:
        advantage = np.stack([key[:, 2] > 0, key[:, 2] < 0, np.zeros(len(key))], axis=1).astype(np.float64)
        features, common = np.concatenate([features, advantage[..., np.newaxis]], axis=2), [*common, "home"]
    if ties:
        drawn = np.broadcast_to([0.0, 0.0, 1.0], (len(key), 3))
        features, common = np.concatenate([features, drawn[..., np.newaxis]], axis=2), [*common, "tie"]
    possible = np.broadcast_to([True, True, ties], taken.shape)
    return _Ends(features, possible, taken, tuple(common))


def _choices(chosen: Any, basis: Array) -> _Ends:
    _, _, offered, best = chosen
    possible, row = np.unique(offered, axis=0, return_inverse=True)
    width = offered.shape[1]
    taken = np.bincount(row.ravel() * width + best, minlength=width * len(possible)).reshape(-1, width)
    features = np.broadcast_to(basis, (len(possible), *basis.shape))
    return _Ends(features, possible, taken.astype(np.float64), ())


def _sets(answers: Rankings, labels: Labels, basis: Array) -> _Ends:
    """Rankings with ties as choices of the best set from what is left."""
    stages = _stages(answers, labels)
    sizes = sorted({len(best) for _, best in stages} - {1})
    count = sum(math.comb(len(labels), size) for size in (1, *sizes))
    if count > MOST_SETS:
        raise ProblemError(
            f"ties of up to {sizes[-1]} among {len(labels)} policies make {count:,} sets that may be best: break the "
            "largest ties, or leave policies out"
        )
    sets = [best for size in (1, *sizes) for best in combinations(range(len(labels)), size)]
    member = np.zeros((len(sets), len(labels)), dtype=bool)
    for row, best in zip(member, sets, strict=True):
        row[list(best)] = True
    offered = np.zeros((len(stages), len(labels)), dtype=bool)
    for row, (present, _) in zip(offered, stages, strict=True):
        row[list(present)] = True
    left, stage = np.unique(offered, axis=0, return_inverse=True)
    number = {best: k for k, best in enumerate(sets)}
    place = stage.ravel() * len(sets) + [number[best] for _, best in stages]
    taken = np.bincount(place, minlength=len(left) * len(sets)).reshape(len(left), -1).astype(np.float64)
    possible = ~(member & ~left[:, np.newaxis]).any(axis=2)
    each = member.sum(axis=1)
    ties = (each[:, np.newaxis] == sizes).astype(np.float64)
    features = np.concatenate([member @ basis / each[:, np.newaxis], ties], axis=1)
    features = np.broadcast_to(features, (len(left), *features.shape))
    return _Ends(features, possible, taken, tuple(f"tie of {size}" for size in sizes))


def _stages(answers: Rankings, labels: Labels) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every choice in every ranking: who is left, and the best of them, as numbers of policies in order."""
    number = {label: k for k, label in enumerate(labels.tolist())}
    stages = []
    for ranking, with_next in zip(answers.ranking, answers.tied or (), strict=True):
        listed_ones = [number[label] for label in ranking.tolist()]
        left = set(listed_ones if answers.unlisted == "absent" else range(len(labels)))
        for best in np.split(listed_ones, np.flatnonzero(~with_next) + 1):
            if len(left) > 1:  # the last one alone was no choice
                stages.append((tuple(sorted(left)), tuple(sorted(best.tolist()))))
            left -= set(best.tolist())
    return stages


def _derivatives(ends: _Ends, at: Array) -> tuple[float, Array, Array]:
    """Log likelihood, its gradient, and minus its Hessian."""
    utility = np.where(ends.possible, ends.features @ at, -np.inf)
    log_chance = utility - logsumexp(utility, axis=1, keepdims=True)
    chance, times = np.exp(log_chance), ends.taken.sum(axis=1)
    mean = np.einsum("se,sep->sp", chance, ends.features)
    value = float((ends.taken * np.where(ends.taken > 0, log_chance, 0.0)).sum())
    gradient = np.einsum("se,sep->p", ends.taken, ends.features) - times @ mean
    weighted = ends.features * (times[:, np.newaxis] * chance)[..., np.newaxis]
    information = np.einsum("sep,seq->pq", weighted, ends.features) - (mean * times[:, np.newaxis]).T @ mean
    return value, gradient, information


def _maximum(ends: _Ends) -> tuple[Array, float, Array, int]:
    at = np.zeros(ends.features.shape[2])
    value, gradient, information = _derivatives(ends, at)
    for steps in range(200):
        step = np.linalg.solve(information, gradient)
        decrement = float(gradient @ step)
        if decrement < DECREMENT:
            return at, value, information, steps
        length = 1.0
        while (new := _derivatives(ends, at + length * step))[0] < value + 1e-4 * length * decrement - 1e-12 * abs(
            value
        ):
            length /= 2
            if length < 1e-9:
                break
        at, (value, gradient, information) = at + length * step, new
    raise SolverError("the strengths did not converge in 200 steps", tried=("Newton",))


# ---- what has no finite estimate ----


def _check_finite(ends: _Ends, basis: Array, labels: tuple[str, ...], parameters: tuple[str, ...]) -> None:
    """Refuse answers whose likelihood grows for ever, or does not change, along some direction; name it."""
    from scipy.optimize import linprog

    said = [f"strength of {one}" for one in labels[1:]] if len(parameters) == len(ends.common) else []
    named = [*said, *parameters]
    scale = np.maximum(np.abs(ends.features).max(axis=(0, 1)), np.finfo(np.float64).tiny)
    here, best = np.nonzero(ends.taken)
    gaps = (ends.features[here, best][:, np.newaxis] - ends.features[here]) / scale  # of what was taken to all others
    rows = np.unique(gaps[ends.possible[here]].round(12), axis=0)
    rows = rows[np.abs(rows).max(axis=1) > 0]
    flat = np.linalg.svd(rows)[2][np.linalg.matrix_rank(rows) :] if len(rows) else np.eye(len(scale))
    if len(flat):
        top, rest = _parts(flat[0], basis, labels) if said and not parameters else ([], [])
        if top:
            raise ProblemError(
                f"no answers connect {listed(top)} with {listed(rest)}: fit them apart, or pool them with elicit_norms"
            )
        raise ProblemError(f"answers do not tell {listed(_moved(named, flat[0]))} apart: leave one of them out")
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=[(-1, 1)] * len(scale))
    if float(rows.sum(axis=0) @ found.x) > SEPARATED:
        direction = np.asarray(found.x) / scale
        common = _moved(ends.common, direction[len(named) - len(ends.common) :])
        top, rest = _parts(direction, basis, labels) if said and not common else ([], [])
        if top:
            raise ProblemError(
                f"{listed(top)} never lost to {listed(rest)}: no finite strength is most likely; leave them out, or "
                "use elicit_norms, which shrinks"
            )
        raise ProblemError(
            f"{listed(common or _moved(named, direction))} decides every answer that depends on it: no finite estimate "
            "is most likely; leave it out, or give more answers"
        )


def _moved(named: Sequence[str], direction: Array) -> list[str]:
    """Parameters that a direction moves."""
    return [one for one, part in zip(named, direction, strict=True) if abs(part) > MOVED]


def _parts(direction: Array, basis: Array, labels: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Policies that the direction puts highest, and the others; nobody if it treats all alike."""
    height = basis @ direction[: basis.shape[1]]
    span = np.ptp(height)
    top = height > height.max() - 1e-6 * max(span, 1.0) if span > MOVED else np.zeros(len(labels), dtype=bool)
    return list(compress(labels, top)), list(compress(labels, ~top))
