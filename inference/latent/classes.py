"""Classes of people whose tastes may be shared, known, or ignored in part, and who belongs to which."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.choice.data import ChoiceData
from inference.estimation.errors import thin
from inference.estimation.fitted import FittedToChoices, OfTypes
from inference.estimation.shares import checked_parameters, counted, offers_of
from inference.latent.membership import evaluated, log_shares, members_of, with_constant
from inference.latent.restrictions import Restrictions
from inference.logit.convergence import Convergence
from inference.logit.panel import panel_of
from inference.logit.simulated import logit


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LatentClasses(FittedToChoices, OfTypes):
    """A population of classes, as `fit_latent_classes` estimates it.

    Attributes
    ----------
    data : the choices it was fitted to, covariates included
    covariates : names of the attributes that membership depends on
    restrictions : which coefficients are shared or known
    coefficients : (n_classes, n_attributes) utility per unit of each attribute, covariates left out
    membership : (n_classes, 1 + n_covariates) log odds of each class against the first, a constant and one per unit of
        each covariate; the first row is 0
    log_likelihood : of all choices, weighted
    covariance : of `parameters`, clustered by person
    information : of the same, minus the second derivative of the log likelihood
    convergence : Convergence, where each start ended
    """

    schema = "menuwright/latent-classes/1"
    model = "Latent classes"

    data: ChoiceData
    covariates: tuple[str, ...]
    restrictions: Restrictions
    coefficients: Array
    membership: Array
    log_likelihood: float
    covariance: Array
    information: Array
    convergence: Convergence

    # ---- what every estimator says of itself ----

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes of utility."""
        return tuple(name for name in self.data.names or () if name not in self.covariates)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, numbered from 0."""
        return tuple(map(str, range(self.n_classes)))

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Free coefficients, then membership, class by class from the second on."""
        own = [f"membership {k}: {name}" for k in self.labels[1:] for name in ("constant", *self.covariates)]
        return (*self.restrictions.labels, *own)

    @property
    def parameters(self) -> Array:
        """Free coefficients, then membership."""
        return np.concatenate([self.restrictions.free(self.coefficients), self.membership[1:].ravel()])

    @property
    def n_classes(self) -> int:
        return len(self.membership)

    def at(self, parameters: Any) -> LatentClasses:
        """The same classes at other parameters, as `with_errors` asks."""
        given = checked_parameters(parameters, self.n_parameters)
        free, rest = np.split(given, [self.restrictions.n_free])
        membership = np.vstack([np.zeros(self.membership.shape[1]), rest.reshape(self.n_classes - 1, -1)])
        return replace(self, coefficients=self.restrictions.coefficients(free), membership=membership)

    # ---- who belongs where ----

    @cached_property
    def shares_by_person(self) -> Array:
        """Probability of each class by the covariates of each person, before any choice; (n_people, n_classes)."""
        _, members = members_of(self.data, self.covariates)
        return np.exp(log_shares(with_constant(members.values), self.membership))

    @property
    def weights(self) -> Array:
        """Share of each class in the population; (n_classes,)."""
        return np.asarray(np.average(self.shares_by_person, axis=0, weights=self.data.person_weight))

    @property
    def weight_standard_errors(self) -> Array:
        """Of the weights, by the delta method; (n_classes,).

        With the shares w_ik of person i, d w_ik / d g_m = w_ik (1{k = m} - w_im) z_i.
        """
        shares, each = self.shares_by_person, self.data.person_weight / self.data.person_weight.sum()
        design = with_constant(members_of(self.data, self.covariates)[1].values)
        inner = shares[:, :, np.newaxis] * (np.eye(self.n_classes) - shares[:, np.newaxis])  # (n, k, m)
        slope = np.einsum("i,ikm,iz->kmz", each, inner[:, :, 1:], design).reshape(self.n_classes, -1)
        first = self.restrictions.n_free
        return np.sqrt(np.einsum("ka,ab,kb->k", slope, self.covariance[first:, first:], slope))

    @cached_property
    def probabilities(self) -> Array:
        """Posterior classes of the people, given their choices; (n_people, n_classes)."""
        return self.assign(self.data)

    def assign(self, data: ChoiceData) -> Array:
        """Posterior classes of people from their covariates and choices; (data.n_people, n_classes).

        Parameters
        ----------
        data : ChoiceData with the attributes of the fit, covariates included
        """
        if data.names != self.data.names:
            raise ProblemError(f"data has attributes {data.names}, the classes want {self.data.names}: align them")
        plain, members = members_of(data, self.covariates)
        design = with_constant(members.values)
        return evaluated(panel_of(plain, self.n_classes), design, self.coefficients, self.membership).posterior

    def class_shares(self, covariates: Any = None) -> Array:
        """Probability of each class by covariates alone; (n, n_classes).

        Parameters
        ----------
        covariates : (n, n_covariates) in the order of `covariates`; None: those of the people of the fit
        """
        if covariates is None:
            return self.shares_by_person
        given = finite("covariates", covariates)
        if given.ndim != 2 or given.shape[1] != len(self.covariates):
            raise ProblemError(f"covariates has shape {given.shape}; expected (n, {len(self.covariates)})")
        return np.exp(log_shares(with_constant(given), self.membership))

    # ---- what follows ----

    def predict(self, attributes: Any, available: Any = None, *, probabilities: Any = None) -> Array:
        """Choice probabilities; (n_obs, n_options).

        Parameters
        ----------
        attributes : (n_obs, n_options, n_attributes), or (n_options, n_attributes) for one observation, without
            covariates; or ChoiceData with the attributes of the fit, whose covariates then count
        available : (n_obs, n_options) of bool, where not all options are within reach
        probabilities : (n_classes,) or (n_obs, n_classes), beliefs about who chooses, such as `class_shares` and
            `assign` give; by default the weights, or by the covariates of `attributes`
        """
        beliefs = self.weights if probabilities is None else finite("probabilities", probabilities)
        if isinstance(attributes, ChoiceData) and attributes.names == self.data.names:
            attributes, members = members_of(attributes, self.covariates)
            if probabilities is None:
                beliefs = self.class_shares(members.values)[attributes.person_index]
        offers, reach = offers_of(attributes, available, len(self.names))
        if beliefs.shape not in ((self.n_classes,), (len(offers), self.n_classes)):
            raise ProblemError(
                f"probabilities has shape {beliefs.shape}; expected one per class, or per choice and class"
            )
        by_class = logit(offers, self.coefficients, reach)
        return np.asarray(np.einsum("nk,nkj->nj", np.broadcast_to(beliefs, (len(offers), self.n_classes)), by_class))

    # ---- showing and keeping it ----

    @property
    def _title(self) -> str:
        return f"{self.model}: {self.n_classes} classes of {counted(self.data)}"

    def _known(self) -> list[str]:
        """Shares of the classes, and coefficients that were not estimated."""
        pairs = zip(self.labels, self.weights, self.weight_standard_errors, strict=True)
        shares = ", ".join(f"{label} {share:.3f} ({error:.3f})" for label, share, error in pairs)
        free = self.restrictions.design.max(axis=2)
        fixed = [
            f"{self.names[a]} {self.coefficients[k, a]:g} in class {k}"
            for a in range(len(self.names))
            for k in range(self.n_classes)
            if not free[k, a]
        ]
        return [f"shares of classes {shares}", *([f"fixed: {', '.join(fixed)}"] if fixed else [])]

    def _found(self) -> str:
        return self.convergence.told()

    def _doubts(self) -> list[str]:
        return [*thin("class", self.labels, self.weights * self.data.n_people), *self.convergence.doubts()]

    def _kept(self) -> dict[str, Any]:
        kept, free = super()._kept(), self.restrictions
        del kept["restrictions"]
        return kept | {"free": free.labels, "known": free.known, "design": free.design}

    def _rising(self, rising: Any, price: str) -> str:
        return (
            f"utility of class {int(np.argmax(rising))} does not fall in {price!r}: nothing has a worth in money "
            f"to it. Let its coefficient of {price!r} be shared, or fit fewer classes"
        )
