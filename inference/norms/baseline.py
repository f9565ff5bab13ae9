"""The baseline that everybody can live with: the policy that all groups find acceptable, as far as answers show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.readable import readable
from inference.norms.norms import Norms

if TYPE_CHECKING:
    import pandas as pd


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Baseline(Tabular):
    """A lottery over policies, and how safely it lies above what every group can live with."""

    norms: Norms
    lottery: Array  # (n_policies,)

    @property
    def utility(self) -> Array:
        """What the baseline is worth to every group, (n_groups,), logits."""
        return self.norms.utilities @ self.lottery

    @property
    def reservation_utility(self) -> Array:
        """What every group needs to live with a policy, (n_groups,), logits."""
        return self.norms.reservation_utility

    @property
    def slack(self) -> Array:
        """Utility of the baseline above the reservation utility, (n_groups,), logits."""
        return self.utility - self.reservation_utility

    @property
    def slack_se(self) -> Array:
        """Posterior standard deviation of the slack, (n_groups,)."""
        g, item = np.arange(len(self.norms.groups)), np.append(self.lottery, -1.0)
        return np.sqrt(np.einsum("i,gij,j->g", item, self.norms.joint_covariance[g, :, g, :], item))

    @property
    def probability_acceptable(self) -> Array:
        """Posterior probability that the baseline is worth its reservation utility to each group, (n_groups,)."""
        from scipy.stats import norm

        return norm.cdf(self.slack / self.slack_se)

    @property
    def acceptance(self) -> Array:
        """Expected share of yes among the answers of each group, were it asked about this baseline, (n_groups,)."""
        from scipy.special import expit

        nodes, weights = np.polynomial.hermite_e.hermegauss(40)
        return expit(self.slack[:, np.newaxis] + self.slack_se[:, np.newaxis] * nodes) @ (weights / weights.sum())

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies in the lottery."""
        return tuple(name for name, chance in zip(self.norms.policies, self.lottery, strict=True) if chance > 0)

    def _table(self) -> Table:
        chances = zip(self.norms.policies, self.lottery, strict=True)
        mix = ", ".join(f"{chance:.0%} {readable(name)}" for name, chance in chances if chance > 0)
        columns = [
            names("group", self.norms.groups),
            Column("utility", self.utility, ".2f"),
            Column("reservation_utility", self.reservation_utility, ".2f", "needs"),
            Column("slack", self.slack, ".2f"),
            Column("slack_se", self.slack_se, "({:.2f})".format, "(se)"),
            Column("probability_acceptable", self.probability_acceptable, ".3f", "acceptable"),
            Column("acceptance", self.acceptance, ".3f", "would say yes"),
        ]
        return Table(columns, f"Baseline: {mix}")

    def to_frame(self) -> pd.DataFrame:
        """One row per group."""
        return self._table().to_frame()


def baseline_of(norms: Norms, lottery: Any) -> Baseline:
    """How a given policy (by name) or lottery over policies fares as a baseline.

    Raises
    ------
    ProblemError
        If nobody was asked what they could live with, or the lottery is not one over the policies.
    """
    norms.reservation_utility  # noqa: B018  # refuses at the door
    if isinstance(lottery, str):
        chances = np.eye(len(norms.policies))[norms.policy(lottery)]
    else:
        chances = finite("lottery", lottery, norms.policies)
    if chances.shape != (len(norms.policies),) or np.any(chances < 0) or abs(chances.sum() - 1) > 1e-6:
        raise ProblemError(f"lottery must hold {len(norms.policies)} probabilities that sum to 1, one per policy")
    chances = np.array(chances)
    chances.setflags(write=False)
    return Baseline(norms, chances)


@checked
def acceptable_baseline(norms: Norms, *, lotteries: bool = False) -> Baseline:
    """The policy whose least convinced group is as sure as can be to find it acceptable.

    Among policies it maximises the smallest posterior probability over groups that utility reaches the reservation
    utility; among lotteries, whose utility is linear, the smallest expected slack (a linear program).

    Parameters
    ----------
    norms : elicited with Acceptances among the answers
    lotteries : whether policies may be mixed

    Raises
    ------
    ProblemError
        If nobody was asked what they could live with.

    Examples
    --------
    >>> from inference.norms.elicitation import Acceptances
    >>> from inference.norms.norms import elicit_norms
    >>> yes = {"a": {"tea": 30, "milk": 5, "juice": 25}, "b": {"tea": 3, "milk": 28, "juice": 20}}  # of 32 each
    >>> rows = [(group, policy, k < yes[group][policy]) for group in yes for policy in yes[group] for k in range(32)]
    >>> group, policy, accepted = zip(*rows)
    >>> acceptable_baseline(elicit_norms(Acceptances(group, policy, accepted))).policies
    ('juice',)
    """
    if not lotteries:
        # The ratio orders like the probability, also where probabilities round to 1.
        pure = [baseline_of(norms, one) for one in np.eye(len(norms.policies))]
        return max(pure, key=lambda each: float((each.slack / each.slack_se).min()))
    from scipy.optimize import linprog

    n_groups, n_policies = norms.utilities.shape
    rows = np.column_stack([-norms.utilities, np.ones(n_groups)])
    found = linprog(
        np.append(np.zeros(n_policies), -1.0),
        A_ub=rows,
        b_ub=-norms.reservation_utility,
        A_eq=np.append(np.ones(n_policies), 0.0)[np.newaxis],
        b_eq=[1.0],
        bounds=[(0, None)] * n_policies + [(None, None)],
    )
    if not found.success:
        raise SolverError(f"no best lottery was found: {found.message}", tried=("HiGHS",))
    lottery = np.maximum(np.asarray(found.x)[:n_policies], 0.0)
    return baseline_of(norms, lottery / lottery.sum())
