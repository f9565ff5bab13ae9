"""A society: groups whose members' tastes over response policies conflict, and a safety that all of them share.

Utilities are in logits of the members' own choices (the noise of a choice has temperature 1), and those of everybody
sum to zero over the policies: only differences are ever observed. A policy x, a lottery over the responses, is worth

    S(x) = (u - c) . x - tau KL(x | reference)

to a member with utilities u, net of the safety cost c and of leaving the reference. Its own best policy is the softmax
x* = reference exp((u - c) / tau) / Z, and S(x*) - S(x) = tau KL(x | x*): what somebody loses by a policy is its
Kullback-Leibler distance from the own best one, times tau.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import helmert
from scipy.special import logsumexp

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.kinds import Count
from contracts.inputs.names import listed
from contracts.models import delegation
from contracts.problem.records import Saved, read_json
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable

SCHEMA = "menuwright/society/1"
POLICIES, ATTRIBUTES, MEMBERS = 8, 5, 40  # of a synthetic society; members per group
HETEROGENEITY = 0.25  # sd of members' utilities around their group's, relative to the group's own spread
SAFETY = 0.5  # logits of safety cost per standard deviation of the dangerous attribute
TEMPERATURE = 0.5  # logits per nat of leaving the reference
CENTRED = 1e-12  # logits
TINY = 1e-300  # so that a society that is indifferent to everything has nothing to explain
POINTS_PER_LOGIT = 10.0  # of agreement in the Moral Machine: an assumption, the study asked no question twice


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Society(Tabular, Saved):
    """Groups, what their members truly want, and what every provider has to respect.

    Attributes
    ----------
    members : (n_groups, n_members, n_policies) true utilities, logits; every member's sum to zero
    weights : (n_groups,) shares of the population, positive, sum to 1
    safety_cost : (n_policies,) what a policy costs everybody together, logits, not negative
    reference : (n_policies,) the policy that is there without alignment, positive, sums to 1; also what a user has
        who stays away
    temperature : logits per nat of Kullback-Leibler distance from the reference
    groups, policies : names

    Raises
    ------
    ProblemError
        If anything does not fit.
    """

    _indent = None

    members: Array
    weights: Array
    safety_cost: Array
    reference: Array
    temperature: float
    groups: Sequence[str]
    policies: Sequence[str]

    def __post_init__(self) -> None:
        members = finite("members", self.members)
        if members.ndim != 3 or 0 in members.shape:
            raise ProblemError(f"members has shape {members.shape}; expected (n_groups, n_members, n_policies)")
        n_groups, _, n_policies = members.shape
        centre = members.mean(axis=2, keepdims=True)
        if np.abs(centre).max() > CENTRED:  # so that a society read from a file keeps its bits
            members = members - centre
        for name, size in (("weights", n_groups), ("safety_cost", n_policies), ("reference", n_policies)):
            values = finite(name, getattr(self, name))
            if values.shape != (size,):
                raise ProblemError(f"{name} has shape {values.shape}; expected {(size,)}, as members has it")
            if name != "safety_cost" and (np.any(values <= 0) or abs(values.sum() - 1) > 1e-9):
                raise ProblemError(f"{name} must be positive and sum to 1; it sums to {values.sum():g}")
            _freeze(self, name, values)
        if np.any(self.safety_cost < 0):
            raise ProblemError(f"safety_cost holds {self.safety_cost.min():g}: measure it from the safest policy")
        object.__setattr__(self, "temperature", number("temperature", self.temperature))
        if not self.temperature > 0:
            raise ProblemError(f"temperature is {self.temperature}: give a positive number of logits per nat")
        _freeze(self, "members", members)
        for name, size in (("groups", n_groups), ("policies", n_policies)):
            labels = tuple(map(str, getattr(self, name)))
            if len(labels) != size or len(set(labels)) < size:
                raise ProblemError(f"{name} are {listed(labels)}: give {size} different names")
            object.__setattr__(self, name, labels)

    # ---- what is true ----

    @cached_property
    def utilities(self) -> Array:
        """Of every group: its members' mean, (n_groups, n_policies)."""
        return read_only(self.members.mean(axis=1))

    @property
    def reservation_utility(self) -> Array:
        """What a group has if it stays away: the reference policy, (n_groups,)."""
        return np.asarray(self.utilities @ self.reference)

    @cached_property
    def own(self) -> Array:
        """Every member's own best policy, (n_groups, n_members, n_policies)."""
        return read_only(tilted(self.members - self.safety_cost, self.reference, self.temperature))

    @property
    def agreement(self) -> Array:
        """Correlations between the groups' utilities over the policies, (n_groups, n_groups)."""
        return np.atleast_2d(np.corrcoef(self.utilities))

    @property
    def explained(self) -> float:
        """Share of the variance of people's utilities that groups explain, from 0 to 1."""
        common = self.weights @ self.utilities
        between = self.weights @ ((self.utilities - common) ** 2).sum(axis=1)
        within = self.weights @ ((self.members - self.utilities[:, np.newaxis]) ** 2).sum(axis=2).mean(axis=1)
        return float(between / max(between + within, TINY))

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; floats survive to the bit."""
        arrays = ("members", "weights", "safety_cost", "reference")
        return {
            "schema": SCHEMA,
            **{name: getattr(self, name).tolist() for name in arrays},
            "temperature": self.temperature,
            "groups": list(self.groups),
            "policies": list(self.policies),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Society:
        """The inverse of `to_dict`.

        Raises
        ------
        ProblemError
            If the record is no society, or a damaged one.
        """
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            found = record.get("schema") if isinstance(record, dict) else type(record).__name__
            raise ProblemError(f"the record has schema {found!r}; expected {SCHEMA!r}, as written by Society.to_dict")
        names = ("members", "weights", "safety_cost", "reference", "temperature", "groups", "policies")
        missing = [name for name in names if name not in record]
        if missing:
            raise ProblemError(f"the society has no {missing[0]}: write it again with Society.to_dict")
        return cls(**{name: record[name] for name in names})

    def _table(self) -> Table:
        n_groups, n_members, n_policies = self.members.shape
        tastes = []
        for g, utilities in enumerate(self.utilities):
            best = int(utilities.argmax())
            others = ", ".join(f"{r:+.2f}" for h, r in enumerate(self.agreement[g]) if h != g)
            tastes.append(f"{readable(self.policies[best])} ({utilities[best]:.2f}), {others}")
        columns = [names("group", self.groups), Column("weight", self.weights, ".3f")]
        return Table(
            [*columns, Column("favourite (utility), correlation with the others", tastes)],
            f"Society: {n_groups} groups of {n_members} members, {n_policies} policies, tau {self.temperature:g}",
        )


@checked
def load_society(path: str | Path) -> Society:
    """Read a society that `Society.save` wrote; raises ProblemError if the file is none.

    Examples
    --------
    >>> import tempfile
    >>> society = synthetic_society(rng=np.random.default_rng(1), conflict=0.5, n_members=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_society(society.save(Path(folder) / "society.json"))
    >>> again.policies == society.policies, bool((again.members == society.members).all())
    (True, True)
    """
    return Society.from_dict(read_json(path))


def problem_of(society: Society, utilities: Array) -> ScreeningProblem:
    """What its provider would solve if these were the utilities of its groups."""
    return delegation(
        utilities,
        society.weights,
        reference=society.reference,
        temperature=society.temperature,
        harm=society.safety_cost,
        outside_option=society.reference,
        labels=society.groups,
    )


def tilted(score: Array, reference: Array, temperature: float | Array) -> Array:
    """The policy proportional to reference times exp(score / temperature), along the last axis.

    It maximises score . x - temperature KL(x | reference).

    Examples
    --------
    >>> tilted(np.array([0.0, np.log(3.0)]), np.array([0.5, 0.5]), 1.0)
    array([0.25, 0.75])
    """
    log_policy = np.log(reference) + score / temperature
    return np.asarray(np.exp(log_policy - logsumexp(log_policy, axis=-1, keepdims=True)))


# ---- where societies come from ----


@checked
def synthetic_society(
    *,
    rng: np.random.Generator,
    conflict: float,
    weights: Any = None,
    n_groups: Count = 3,
    n_policies: int = POLICIES,
    n_attributes: int = ATTRIBUTES,
    n_members: int = MEMBERS,
    heterogeneity: float = HETEROGENEITY,
    intensity: Any = 1.0,
    safety: float = SAFETY,
    temperature: float = TEMPERATURE,
) -> Society:
    """Groups that want the same (conflict 0), or as opposite things as so many groups can (conflict 1).

    Policies have random attributes, uncorrelated over the policies, and groups have tastes over these. With orthogonal
    unit vectors q (the norm in common) and d_g (the corners of a regular simplex around zero, so that what one group
    wants the others want less of), the taste of group g is cos(a) q + sin(a) d_g at the angle a = conflict x 90
    degrees. Utilities of every group thus have standard deviation 1 at any conflict, and those of two groups the
    correlation cos^2 a - sin^2 a / (n_groups - 1): 1 at conflict 0; -1/2 for three groups, -1 for two at conflict 1,
    where the groups' tastes sum to zero. The same generator draws the same attributes and directions at any conflict.

    Parameters
    ----------
    conflict : from 0 to 1
    weights : (n_groups,) shares; equal if left out
    heterogeneity : sd of members' utilities around their group's
    intensity : number or (n_groups,), how much a group cares: its utilities are multiplied by it
    safety : logits that one standard deviation of the first attribute costs everybody together; tastes for that
        attribute are random, so a group may like what is dangerous
    temperature : logits per nat of leaving the reference, which is uniform

    Raises
    ------
    ProblemError
        If the conflict is outside 0 to 1, or there are too few attributes or policies for so many groups.

    Examples
    --------
    >>> society = synthetic_society(rng=np.random.default_rng(1), conflict=1.0)
    >>> society.agreement.round(3)
    array([[ 1. , -0.5, -0.5],
           [-0.5,  1. , -0.5],
           [-0.5, -0.5,  1. ]])
    """
    if not 0 <= number("conflict", conflict) <= 1:
        raise ProblemError(f"conflict is {conflict}: give a number from 0 (agreement) to 1 (as opposite as can be)")
    generator(rng)
    if not n_groups <= n_attributes < n_policies:
        raise ProblemError(
            f"{n_groups} groups, {n_attributes} attributes and {n_policies} policies: conflict of this kind needs at "
            "least as many attributes as groups, and more policies than attributes"
        )
    if heterogeneity < 0 or safety < 0 or n_members < 1:
        raise ProblemError("heterogeneity and safety must not be negative, and every group has at least one member")
    cares = finite("intensity", intensity)
    if cares.shape not in ((), (n_groups,)):
        raise ProblemError(f"intensity has shape {cares.shape}; expected one number, or one per group ({n_groups},)")
    cares = np.broadcast_to(cares, (n_groups,))
    share = np.full(n_groups, 1 / n_groups) if weights is None else finite("weights", weights)
    traits = rng.standard_normal((n_policies, n_attributes))
    attributes = np.linalg.qr(traits - traits.mean(axis=0))[0] * np.sqrt(n_policies)
    frame = np.linalg.qr(rng.standard_normal((n_attributes, n_attributes)))[0]
    spread = rng.standard_normal((n_groups, n_members, n_attributes)) / np.sqrt(n_attributes)
    angle = conflict * np.pi / 2
    corners = helmert(n_groups).T if n_groups > 1 else np.zeros((1, 0))  # of a regular simplex around zero
    corners = corners / np.maximum(np.linalg.norm(corners, axis=1, keepdims=True), 1e-300)
    tastes = np.cos(angle) * frame[0] + np.sin(angle) * corners @ frame[1:n_groups]
    tastes = tastes * cares[:, np.newaxis]
    spread = spread - spread.mean(axis=1, keepdims=True)  # so that the group's taste is its members' mean
    return Society(
        members=(tastes[:, np.newaxis] + heterogeneity * spread) @ attributes.T,
        weights=share,
        safety_cost=safety * (attributes[:, 0] - attributes[:, 0].min()),
        reference=np.full(n_policies, 1 / n_policies),
        temperature=temperature,
        groups=[f"group {chr(ord('A') + g)}" for g in range(n_groups)],
        policies=[f"response {k}" for k in range(n_policies)],
    )


@checked
def moral_machine_society(
    *,
    rng: np.random.Generator,
    contrast: float = 1.0,
    n_members: int = MEMBERS,
    heterogeneity: float = HETEROGENEITY,
    points_per_logit: float = POINTS_PER_LOGIT,
) -> Society:
    """The three clusters of countries of the Moral Machine experiment, with members around their published effects.

    Policies, safety costs, reference and the price of leaving it are those of `contracts.demo.moral_machine`, a study
    of its own, divided by `points_per_logit`. Members' effects scatter around their culture's with `heterogeneity`
    times the standard deviation of the mean effects over the attributes: the publication has clusters, not people.

    Parameters
    ----------
    contrast : 1 for the published figures, c for differences between the clusters c times as large

    References
    ----------
    Awad, Dsouza, Kim, Schulz, Henrich, Shariff, Bonnefon & Rahwan (2018), The Moral Machine experiment,
    Nature 563, 59-64.

    Examples
    --------
    >>> society = moral_machine_society(rng=np.random.default_rng(1))
    >>> society.groups, bool(society.agreement.min() > 0.9)  # as published, they agree on most things
    (('Western', 'Eastern', 'Southern'), True)
    """
    import contracts.demo.moral_machine as study

    generator(rng)
    if not points_per_logit > 0 or heterogeneity < 0 or n_members < 1:
        raise ProblemError("points_per_logit must be positive, heterogeneity not negative, and n_members at least 1")
    rewards = study.rewards(contrast)
    effects = 100 * np.array(list(study.AMCE.values()))
    spread = rng.standard_normal((len(rewards), n_members, len(effects)))
    spread = (spread - spread.mean(axis=1, keepdims=True)) * heterogeneity * float(effects.mean(axis=1).std())
    return Society(
        members=(rewards[:, np.newaxis] + spread @ study.POSITIONS.T) / points_per_logit,
        weights=study.SHARES,
        safety_cost=study.SAFETY_COST / points_per_logit,
        reference=study.REFERENCE,
        temperature=study.TEMPERATURE / points_per_logit,
        groups=study.CULTURES,
        policies=study.POLICIES,
    )


def in_parts(society: Society, parts: int) -> Society:
    """The same people, every group cut into so many equal parts, which differ by chance alone."""
    n_groups, n_members, n_policies = society.members.shape
    if parts < 1 or n_members % parts:
        raise ProblemError(f"{n_members} members cannot be cut into {parts} equal parts: give a divisor of {n_members}")
    return replace(
        society,
        members=society.members.reshape(n_groups * parts, n_members // parts, n_policies),
        weights=np.repeat(society.weights / parts, parts),
        groups=[f"{group}, part {part + 1}" for group in society.groups for part in range(parts)],
    )


def _freeze(society: Society, name: str, values: Any) -> None:
    object.__setattr__(society, name, read_only(np.array(values, dtype=np.float64)))
