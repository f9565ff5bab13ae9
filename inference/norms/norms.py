"""Norm elicitation: group utilities over policies, with uncertainty, from what a community's members answered.

Utilities are in logits: the unit is the noise of a choice at temperature 1, and those of a group sum to zero. Members
who choose with temperature T in some unit of reward have utilities of T times these in that unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contracts.display.limits import at_the_bound
from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.kinds import Count, one_of
from inference.norms.coded import CodedAnswers, code_answers
from inference.norms.connection import connection
from inference.norms.elicitation import Answers, Comparisons, Rankings
from inference.norms.likelihoods import Indices, Together
from inference.norms.members import SMALLEST_SPREAD, fit_members
from inference.norms.pooling import (
    NEAR,
    Mode,
    Pooling,
    contrasts,
    fit_pooled,
    in_contrasts,
    log_posterior,
    pooling_at_bound,
    posterior_mode,
    posterior_precision,
)
from inference.norms.stated import Stated, StatedUtilities, covers, quadratic

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.problem.screening import ScreeningProblem

CHOICE_NOISE = float(np.pi / np.sqrt(6))  # sd of the Gumbel noise of a choice at temperature 1
NOISES = (CHOICE_NOISE / 20, CHOICE_NOISE * 20)  # of ratings, logits: quieter, or louder, is as good as exact or empty
NO_POOLING = Pooling(1e3, 1e3)
ENOUGH_MEMBERS = 20  # of a group, below which the scatter between members is no guide to their sampling error


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Norms(Tabular):
    """Group utilities over policies and their joint normal posterior; made by `elicit_norms`.

    Items are the policies and, where acceptances were asked, the outside option, last: not living with the policy.
    """

    groups: tuple[str, ...]
    policies: tuple[str, ...]
    mean: Array  # (n_groups, n_items), policies of a group sum to zero
    joint_covariance: Array  # (n_groups, n_items, n_groups, n_items)
    pooling: Pooling
    member_sd: Array  # (n_groups,) sd of members' own utilities around the group's; 0 where members are taken as alike
    rating_noise: float  # sd of a rating in utility units; the noise of a choice where there are no ratings
    clustered: tuple[bool, ...]  # by group: errors from the scatter between members, not from the model
    separated: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # groups whose answers leave policies unconnected
    one_sided: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # groups where some policies never lost to others
    n_flat_raters: int  # members set aside because they rated everything alike
    at_bound: tuple[str, ...]  # spreads and noises that stopped where the search ends: they are no estimates
    n_answers: int
    log_likelihood: float
    flat_raters = formerly("n_flat_raters")

    # ---- what a group wants ----

    @property
    def utilities(self) -> Array:
        """Posterior mean, (n_groups, n_policies), logits; every group sums to zero."""
        return self.mean[:, : len(self.policies)]

    @property
    def covariance(self) -> Array:
        """Of every group's utilities, (n_groups, n_policies, n_policies); singular along the constant vector."""
        g, k = np.arange(len(self.groups)), len(self.policies)
        return self.joint_covariance[g, :k, g, :k]

    @property
    def standard_errors(self) -> Array:
        """Posterior standard deviations of the utilities, (n_groups, n_policies)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    def interval(self, level: float = 0.95) -> Array:
        """Central posterior intervals of the utilities, (n_groups, n_policies, 2)."""
        from scipy.stats import norm

        half = norm.ppf((1 + _level(level)) / 2) * self.standard_errors
        return np.stack([self.utilities - half, self.utilities + half], axis=-1)

    def compare(self, first: Any, second: Any) -> Array:
        """Posterior probability that each group prefers the first policy to the second, (n_groups,)."""
        from scipy.stats import norm

        i, j = self.policy(first), self.policy(second)
        gap = self.utilities[:, i] - self.utilities[:, j]
        variance = self.covariance[:, i, i] + self.covariance[:, j, j] - 2 * self.covariance[:, i, j]
        return norm.cdf(gap / np.sqrt(variance)) if i != j else np.full(len(self.groups), 0.5)

    def sample(self, n_draws: Count = 1, *, rng: np.random.Generator) -> Array:
        """Draws from the joint posterior of all groups' utilities, (n_draws, n_groups, n_policies)."""
        return self.sample_items(n_draws, rng=rng)[:, :, : len(self.policies)]

    def sample_items(self, n_draws: Count = 1, *, rng: np.random.Generator) -> Array:
        """The same with the outside option, if there is one, as last item."""
        size = self.mean.size
        values, vectors = np.linalg.eigh(self.joint_covariance.reshape(size, size))
        root = vectors * np.sqrt(np.maximum(values, 0.0))  # singular by the sum to zero
        return self.mean + (rng.standard_normal((n_draws, size)) @ root.T).reshape(n_draws, *self.mean.shape)

    @property
    def common(self) -> Array:
        """The norm that the groups share: the mean of their utilities, (n_policies,), logits."""
        return self.utilities.mean(axis=0)

    # ---- what a group can live with ----

    @property
    def has_reservation_utility(self) -> bool:
        return self.mean.shape[1] > len(self.policies)

    @property
    def reservation_utility(self) -> Array:
        """Utility at which a group is indifferent between living with a policy and not, (n_groups,), logits."""
        return self._outside(self.mean[:, -1])

    @property
    def reservation_se(self) -> Array:
        """Posterior standard deviation of the reservation utilities, (n_groups,)."""
        g = np.arange(len(self.groups))
        return self._outside(np.sqrt(self.joint_covariance[g, -1, g, -1]))

    def _outside(self, values: Array) -> Array:
        if not self.has_reservation_utility:
            raise ProblemError("nobody was asked what they could live with: add Acceptances to the answers")
        return values

    # ---- the next menu ----

    def screening_problem(
        self,
        weights: Any = None,
        *,
        reference: Any,
        temperature: float,
        harm: Any = 0.0,
        outside_option: Any = None,
    ) -> ScreeningProblem:
        """A menu of policies for these groups, see `contracts.models.delegation`.

        Groups are the types. What they can live with is their reservation utility, where they were asked and no
        `outside_option` (a baseline's lottery, say) is given. Rewards are in the unit of the norms.
        """
        from dataclasses import replace

        from contracts.models import delegation

        problem = delegation(
            self.utilities,
            weights,
            reference=reference,
            temperature=temperature,
            harm=harm,
            outside_option=outside_option,
            labels=self.groups,
            policies=self.policies,
        )
        if outside_option is None and self.has_reservation_utility:
            problem = replace(problem, reservation_utility=self.reservation_utility, participation="compulsory")
        return problem

    # ---- units and names ----

    def policy(self, label: Any) -> int:
        """Position of a policy."""
        return one_of("policy", str(label), self.policies, "policies")

    def in_units(self, temperature: float) -> Norms:
        """The same norms in the unit of reward in which members choose with this temperature."""
        from dataclasses import replace

        if not temperature > 0:
            raise ProblemError(f"temperature is {temperature}: give a positive number of reward units per logit")
        return replace(
            self,
            mean=self.mean * temperature,
            joint_covariance=self.joint_covariance * temperature**2,
            pooling=Pooling(*(sd * temperature for sd in self.pooling)),
            member_sd=self.member_sd * temperature,
            rating_noise=self.rating_noise * temperature,
        )

    # ---- showing it ----

    def _table(self) -> Table:
        from inference.norms.text import norms_table

        return norms_table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per group and policy: utility, standard error, 95% interval."""
        from inference.norms.text import norms_frame

        return norms_frame(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Group utilities with 95% intervals; returns the matplotlib axes."""
        from inference.norms.picture import plot_norms

        return plot_norms(self, ax)


@checked(own=("answers",))
def elicit_norms(
    *answers: Answers,
    policies: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
    members: Literal["alike", "differ"] = "alike",
    pooling: Pooling | None = None,
    prior: Stated | None = None,
    rng: np.random.Generator | None = None,
) -> Norms:
    """Group utilities over policies from comparisons, rankings, ratings and acceptances together.

    A choice between policies is a logit in their utilities (Bradley & Terry; a ranking is a sequence of choices,
    Plackett & Luce), an acceptance a choice between the policy and the outside option, and a rating a noisy utility on
    the member's own scale, of which only what does not depend on the scale is used. Groups are partially pooled:
    v_g = common + own deviation, with both variances estimated.

    Parameters
    ----------
    answers : Comparisons, Rankings, Ratings, Acceptances, any number of each
    policies, groups : labels in the order wanted; by default all that occur, sorted
    members : "alike" takes every member of a group to have the group's utilities, up to the noise of a choice. It
        works on counts and is fast. Where members differ, it estimates what describes the choices of a member drawn
        at random, which is nearer to zero than the members' mean, and its standard errors allow for the scatter
        between members (clustered). "differ" gives every member utilities around the group's, estimates their
        spread, and returns the members' mean; it needs several answers per member
    pooling : standard deviations to use instead of estimating them; Pooling(1e3, 1e3) is no pooling
    prior : what groups say about themselves, such as `UtilityReading.stated`. Where it is about every group and
        policy, and no pooling is given, it stands in place of the pooling; else it is one more piece of evidence.
        Not with members="differ"
    rng : for members="differ", which integrates by simulation

    Returns
    -------
    Norms, in logits.

    Raises
    ------
    ProblemError
        If there are no answers, labels do not fit, or members="differ" has too little to go by.

    References
    ----------
    Bradley & Terry (1952), Biometrika 39. Plackett (1975), Applied Statistics 24. Luce (1959), Individual Choice
    Behavior. Ford (1957), American Mathematical Monthly 64, on when answers determine utilities.

    Examples
    --------
    >>> from inference.norms.elicitation import Comparisons
    >>> asked = [("a", "tea", "milk")] * 30 + [("a", "milk", "tea")] * 10 + [("b", "milk", "tea")] * 25
    >>> group, winner, loser = zip(*asked)
    >>> norms = elicit_norms(Comparisons(group, winner, loser))
    >>> norms.compare("tea", "milk").round(2)
    array([1., 0.])
    """
    if not answers:
        raise ProblemError("there are no answers: give Comparisons, Rankings, Ratings or Acceptances")
    for each in answers:
        if not isinstance(each, Answers):
            raise ProblemError(
                f"answers hold {type(each).__name__}: give Comparisons, Rankings, Ratings or Acceptances, for a frame "
                "with their from_frame"
            )
        if isinstance(each, Comparisons | Rankings) and each.has_ties:
            raise ProblemError("answers hold ties, which elicit_norms does not read: use fit_strengths")
        if isinstance(each, Comparisons) and each.at_home is not None:
            raise ProblemError("answers say who was at home, which elicit_norms does not read: use fit_strengths")
    if members not in ("alike", "differ"):
        raise ProblemError(f"members is {members!r}: use 'alike' (fast) or 'differ'")
    coded = code_answers(answers, policies, groups)
    basis = contrasts(coded.n_items)
    stated = None if prior is None else quadratic(prior, coded.groups, coded.policies, coded.n_items)
    if stated is not None and members == "differ":
        raise ProblemError("a prior is of groups, and members='differ' is about members: use members='alike' with it")
    if prior is not None and pooling is None and covers(prior, coded.groups, coded.policies):
        pooling = NO_POOLING
    mode, learned, noise = _fit_alike(coded, basis, pooling, stated)
    if members == "alike":
        covariance, clustered = _covariance(coded, basis, mode, learned, noise, stated)
        alike = np.zeros(coded.n_groups)
        return _norms(coded, basis, mode, covariance, learned, alike, noise, clustered, _met(learned, pooling))
    whose = _groups_of_members_that_differ(coded)
    if rng is None:
        raise ProblemError("members='differ' integrates by simulation: give rng=np.random.default_rng(...)")
    by_member = coded.likelihood(noise, by_member=True)
    fit = fit_members(by_member, whose, basis, mode.position, learned, rng, fixed=pooling is not None)
    covariance = np.linalg.inv(posterior_precision(fit.mode.information, fit.pooling))
    unclustered = (False,) * coded.n_groups
    met = _met(fit.pooling, pooling)
    return _norms(coded, basis, fit.mode, covariance, fit.pooling, fit.tastes.spread, noise, unclustered, met)


def _met(learned: Pooling, fixed: Pooling | None) -> tuple[str, ...]:
    """Bounds that the pooling met, where it was estimated."""
    return pooling_at_bound(learned) if fixed is None else ()


def _at_bound(coded: CodedAnswers, member_sd: Array, noise: float) -> tuple[str, ...]:
    """Bounds that the spread of members or the noise of ratings met."""
    said = [
        at_the_bound(f"members' spread in {group}", SMALLEST_SPREAD, "members are alike, up to the noise of a choice")
        for group, sd in zip(map(str, coded.groups), member_sd, strict=True)
        if 0 < sd <= SMALLEST_SPREAD * NEAR
    ]
    if coded.has_ratings and coded.has_choices and noise <= NOISES[0] * NEAR:
        said.append(at_the_bound("noise of ratings", NOISES[0], "ratings are as good as exact"))
    if coded.has_ratings and coded.has_choices and noise >= NOISES[1] / NEAR:
        said.append(at_the_bound("noise of ratings", NOISES[1], "ratings and choices have nothing in common"))
    return tuple(said)


def _fit_alike(
    coded: CodedAnswers, basis: Array, fixed: Pooling | None, stated: StatedUtilities | None
) -> tuple[Mode, Pooling, float]:
    """Mode and pooling; the noise of ratings is that of a choice unless choices set the unit."""
    position = np.zeros((coded.n_groups, basis.shape[1]))
    pooling = Pooling(1.0, 0.5 if coded.n_groups > 1 else 0.0) if fixed is None else fixed

    def at(noise: float) -> tuple[Mode, Pooling]:
        """From where the last one ended."""
        nonlocal position, pooling
        likelihood = coded.likelihood(noise)
        if stated is not None:
            likelihood = Together([*likelihood.parts, stated])
        if fixed is None:
            mode, pooling = fit_pooled(likelihood, basis, position, pooling)
        else:
            mode = posterior_mode(likelihood, basis, position, pooling)
        position = mode.position
        return mode, pooling

    noise = CHOICE_NOISE
    if coded.has_ratings and coded.has_choices:
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda log_noise: -log_posterior(*at(float(np.exp(log_noise))))[0],
            bounds=(np.log(NOISES[0]), np.log(NOISES[1])),
            options={"xatol": 1e-3},
        )
        noise = float(np.exp(found.x))
    return *at(noise), noise


def _groups_of_members_that_differ(coded: CodedAnswers) -> Indices:
    """Group of every member; refuses answers from which the spread of members cannot be told from noise."""
    if coded.member_group is None:
        raise ProblemError("members='differ' needs to know who answered: give member= with every kind of answer")
    if not coded.has_choices:
        raise ProblemError(
            "members='differ' needs comparisons, rankings or acceptances: in ratings alone, what members differ by "
            "cannot be told from noise"
        )
    choices = len(coded.compared[0]) + len(coded.chosen[0])
    if choices < 2 * len(coded.member_group):
        raise ProblemError(
            f"members='differ' needs several choices per member; there are {choices} from {len(coded.member_group)} "
            "members: use members='alike'"
        )
    return coded.member_group


def _covariance(
    coded: CodedAnswers, basis: Array, mode: Mode, pooling: Pooling, noise: float, stated: StatedUtilities | None
) -> tuple[Any, tuple[bool, ...]]:
    """Posterior covariance: inverse information, its data part replaced by the scatter between members if known."""
    inverse = np.linalg.inv(posterior_precision(mode.information, pooling))
    if coded.member_group is None:
        return inverse, (False,) * coded.n_groups
    number = np.bincount(coded.member_group, minlength=coded.n_groups)
    clustered = number >= ENOUGH_MEMBERS
    by_member = in_contrasts(coded.likelihood(noise, by_member=True), basis)
    scores = by_member(mode.position[coded.member_group])[1]
    scatter = mode.information.copy()
    for g in np.flatnonzero(clustered):
        own = scores[coded.member_group == g]
        own = own - own.mean(axis=0)  # the posterior mode shrinks: their sum is the pull of the prior, not zero
        scatter[g] = own.T @ own * number[g] / (number[g] - 1)
        if stated is not None:
            scatter[g] += basis.T @ stated.precision[g] @ basis
    return inverse @ posterior_precision(scatter, pooling) @ inverse, tuple(map(bool, clustered))


def _norms(
    coded: CodedAnswers,
    basis: Array,
    mode: Mode,
    covariance: Any,
    pooling: Pooling,
    member_sd: Array,
    noise: float,
    clustered: tuple[bool, ...],
    bounds_met: tuple[str, ...],
) -> Norms:
    n_groups, n_items, n_policies = coded.n_groups, coded.n_items, len(coded.policies)
    shift = np.eye(n_items)
    shift[:, :n_policies] -= 1 / n_policies  # policies sum to zero, the outside option moves along
    centred = shift @ basis
    shape = (n_groups, basis.shape[1], n_groups, basis.shape[1])
    joint = np.einsum("ik,gkhl,jl->gihj", centred, covariance.reshape(shape), centred)
    policies = tuple(map(str, coded.policies))
    separated, one_sided = connection(coded)
    return Norms(
        groups=tuple(map(str, coded.groups)),
        policies=policies,
        mean=read_only(mode.position @ centred.T),
        joint_covariance=read_only(joint),
        pooling=pooling,
        member_sd=read_only(member_sd),
        rating_noise=noise,
        clustered=clustered,
        separated=separated,
        one_sided=one_sided,
        n_flat_raters=coded.directions(1.0)[1] if coded.has_ratings else 0,
        at_bound=(*bounds_met, *_at_bound(coded, member_sd, noise)),
        n_answers=coded.n_answers,
        log_likelihood=mode.value,
    )


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise ProblemError(f"level is {level}: give a probability between 0 and 1, 0.95 say")
    return level
