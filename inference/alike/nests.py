"""The likelihood of nested logit, with its derivative.

With utilities V_j = x_j . b, nests m with log-sum parameters l_m, and options alone as nests of their own with l = 1,

    A_m = log sum_{j in m} exp(V_j / l_m),     P_j = exp(V_j / l_m - A_m) exp(l_m A_m) / sum_k exp(l_k A_k).

Options of one nest share unobserved utility: their correlation is 1 - l^2. With l in (0, 1] the model is one of people
who maximise random utility; with all l = 1 it is the multinomial logit (McFadden 1978; Train 2009, ch. 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed
from inference.choice.data import ChoiceData


@dataclass(frozen=True, eq=False)
class Nests:
    """Which options are in which nest; options alone come last, as nests that no parameter belongs to."""

    names: tuple[str, ...]  # of nests with a parameter
    member: Mask  # (n_nests, n_options)

    @property
    def n_free(self) -> int:
        return len(self.names)

    def log_sums(self, free: Array) -> Array:
        """Log-sum parameters of all nests, 1 of options alone; (n_nests,)."""
        return np.concatenate([free, np.ones(len(self.member) - len(free))])


def nests_of(nests: Mapping[str, Sequence[str]], data: ChoiceData) -> Nests:
    """Nests by the names of their options; refuses what is no partition, or cannot be learned about."""
    options = list(data.options or ())
    rows: list[list[bool]] = []
    home: dict[str, str] = {}
    for name, members in nests.items():
        if isinstance(members, str) or len(members) < 2:
            raise ProblemError(
                f"nest {name!r} holds {members!r}: give at least two options; an option in no nest is alone"
            )
        for option in members:
            if option not in options:
                raise ProblemError(
                    f"nest {name!r} holds {option!r}, which is no option: the options are {listed(options)}"
                )
            if option in home:
                raise ProblemError(f"option {option!r} is in nests {home[option]!r} and {name!r}: put it in one")
            home[option] = name
        row = [option in members for option in options]
        if data.available is not None and not (data.available[:, row].sum(axis=1) > 1).any():
            raise ProblemError(
                f"no choice has two options of nest {name!r} within reach, so nothing is known of how alike they are: "
                "leave the nest out"
            )
        others = [not own for own in row]
        if not any(others) or (data.available is not None and not data.available[:, others].any()):
            raise ProblemError(
                f"every option within reach is in nest {name!r}: how alike they are and how large coefficients are is "
                "then the same. Leave one of its options out of the nest, or use fit_multinomial_logit"
            )
        rows.append(row)
    if not rows:
        raise ProblemError("nests is empty: name at least one, or use fit_multinomial_logit")
    alone = [[one == option for one in options] for option in options if option not in home]
    return Nests(tuple(nests), np.array([*rows, *alone], dtype=bool))


class Parts(NamedTuple):
    """What the likelihood is made of, for offers of n choices."""

    utility: Array  # (n, n_options), minus infinity out of reach
    inclusive: Array  # (n, n_nests) A_m, minus infinity for nests out of reach
    within: Array  # (n, n_options) probability given the nest
    nest: Array  # (n, n_nests) probability of each nest
    log_total: Array  # (n,) log sum_k exp(l_k A_k)


def parts_of(offers: Array, reach: Mask | None, coefficients: Array, nests: Nests, log_sums: Array) -> Parts:
    """Probabilities within nests and of nests; offers are (n, n_options, n_attributes)."""
    utility = offers @ coefficients
    if reach is not None:
        utility = np.where(reach, utility, -np.inf)
    home = nests.member.argmax(axis=0)
    scaled = utility / log_sums[home]
    inclusive = np.full((len(offers), len(log_sums)), -np.inf)
    for m, row in enumerate(nests.member):
        peak = scaled[:, row].max(axis=1)
        base = np.where(np.isfinite(peak), peak, 0.0)
        with np.errstate(divide="ignore"):
            inclusive[:, m] = base + np.log(np.exp(scaled[:, row] - base[:, np.newaxis]).sum(axis=1))
    with np.errstate(invalid="ignore"):
        within = np.where(np.isfinite(scaled), np.exp(scaled - inclusive[:, home]), 0.0)
    upper = log_sums * inclusive
    peak = upper.max(axis=1)
    weight = np.exp(upper - peak[:, np.newaxis])
    total = weight.sum(axis=1)
    return Parts(utility, inclusive, within, weight / total[:, np.newaxis], peak + np.log(total))


def log_likelihood_and_score(
    difference: Array, data: ChoiceData, nests: Nests, coefficients: Array, free: Array
) -> tuple[Array, Array]:
    """Log probability of each choice, (n_obs,), and its derivative in coefficients and free log-sum parameters.

    With x(m) = sum_j q_j x_j over a nest, q the probabilities within it, Q those of nests, x(.) = sum_m Q_m x(m) and
    H_m = A_m - sum_j q_j V_j / l_m, the derivatives of log P_c, c in nest m, are

        (x_c - x(m)) / l_m + x(m) - x(.)     and     (sum_j q_j V_j - V_c) / l_m^2 + H_m - Q_m H_m,

    and -Q_k H_k for other nests k.

    Parameters
    ----------
    difference : (n_obs, n_options, n_attributes), what options offer beyond the option taken
    """
    log_sums = nests.log_sums(free)
    found = parts_of(difference, data.available, coefficients, nests, log_sums)
    rows, home = np.arange(data.n_obs), nests.member.argmax(axis=0)[data.choice]
    own = log_sums[home]
    inclusive = found.inclusive[rows, home]
    # the option taken has utility 0, for utilities are differences from it
    value = -inclusive + own * inclusive - found.log_total
    mean = np.stack([found.within[:, row][:, np.newaxis] @ difference[:, row] for row in nests.member], axis=1)[:, :, 0]
    here = mean[rows, home]
    everywhere = np.einsum("nm,nma->na", found.nest, mean)
    in_coefficients = -here / own[:, np.newaxis] + here - everywhere
    seen = np.where(found.within > 0, found.utility, 0.0)
    average = (found.within * seen) @ nests.member.T
    entropy = np.where(np.isfinite(found.inclusive), found.inclusive, 0.0) - average / log_sums
    in_log_sums = -found.nest * entropy
    in_log_sums[rows, home] += average[rows, home] / own**2 + entropy[rows, home]
    return value, np.concatenate([in_coefficients, in_log_sums[:, : nests.n_free]], axis=1)
