"""Types of people from recorded splits: what they offer, what they accept, and a menu of splitting rules for them.

Everybody who played one run under one policy is a person. The norms of a policy's people are a mixture over a norm
space, estimated by EM with a proven gap (`population_of`). Acceptance is a rate for each band of offered shares, with
half a decision of either kind added, since it need not rise with the offer. Scores are log probabilities per offer
or decision of runs that were left out whole, because offers within a run repeat each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betaincinv

from contracts.display.drawn import drawn
from contracts.display.numbers import plural
from contracts.display.palette import GREY, axes
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked, formerly
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import one_of
from contracts.models import delegation
from contracts.problem.screening import ScreeningProblem
from inference.game.beliefs import (
    NormSpace,
    after_offer,
    in_new_setting,
    no_evidence,
    norm_evidence,
    share_norms,
    tables_of,
)
from inference.game.recordings import checked_offers
from inference.reports.kept import Kept
from inference.reports.summary import Summary, checked_level
from inference.splits.policies import checked_amount
from inference.types.population import population_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BANDS = np.array([0.0, 0.005, 0.05, 0.2, 0.45, 0.4999, 0.5001, 0.55, 0.8, 0.95, 0.995, 1.0])  # upper ends but the first
LARGEST = 100  # units; a few recorded tests split tens of thousands
SMOOTHING = 0.01  # people added to every norm
RULES = {"one unit": 0.02, "a quarter": 0.25, "half": 0.5, "three quarters": 0.75, "all but one unit": 0.98}


@checked
@dataclass(frozen=True, eq=False, repr=False)
class SplitTypes(Kept, Tabular):
    """What people of each policy offer and accept.

    Attributes
    ----------
    labels : names of the policies
    weights : (n_types,) fraction of the people
    space : the norms held possible
    norm_weights : (n_types, n_norms) how common each norm is among a policy's people
    accepted, decided : (n_types, n_bands) decisions in each band of offered shares
    n_passed_over : rows that could not be read or split too many units

    Examples
    --------
    >>> import inference
    >>> played = inference.play(inference.Game(["fair", "selfish"], n_epochs=2), rng=np.random.default_rng(1))
    >>> types = inference.fit_split_types(played.to_frame())
    >>> types.labels, types.share.round(2)
    (('fair', 'selfish'), array([0.5 , 0.19]))
    """

    schema = "menuwright/split-types/1"

    labels: tuple[str, ...]
    weights: Array
    space: NormSpace
    norm_weights: Array
    accepted: Array
    decided: Array
    n_passed_over: int
    passed_over = formerly("n_passed_over")

    @property
    def share(self) -> Array:
        """Mean share of the norms of each type; (n_types,)."""
        return np.asarray(self.norm_weights @ self.space.share)

    @property
    def acceptance(self) -> Array:
        """Probability of acceptance in each band; (n_types, n_bands)."""
        return np.asarray((self.accepted + 0.5) / (self.decided + 1))

    def acceptable(self, label: str) -> tuple[tuple[float, float], ...]:
        """Intervals of offered shares that a type rather accepts than not, from bands with a decision.

        Under individual rationality the lowest end is what an offer must leave the responder. There may be several
        intervals: people who were told not to want equal benefits refuse an even split and accept less.
        """
        row = self._row(label)
        rather = (self.acceptance[row] >= 0.5) & (self.decided[row] > 0)
        intervals: list[tuple[float, float]] = []
        for k in np.flatnonzero(rather):
            low, high = float(BANDS[k]), float(BANDS[k + 1])
            if intervals and intervals[-1][1] == low:
                intervals[-1] = (intervals[-1][0], high)
            else:
                intervals.append((low, high))
        return tuple(intervals)

    def offers(self, amount: int) -> Array:
        """Probability of every offer by a person of each type; (n_types, amount + 1)."""
        table = np.exp(tables_of(self.space, [amount]).offers[0]) @ self.space.slip_weights
        return np.asarray(self.norm_weights @ table.T)

    def screening_problem(
        self, rules: dict[str, float] | None = None, *, amount: int = 50, temperature: float = 1.0
    ) -> ScreeningProblem:
        """A menu of splitting rules among which people of all types sort themselves, ready for `solve_menu`.

        An assistant splits for its user by one of the rules, or by a lottery over them. The utility of a rule is the
        log probability that the user offers such a split herself, the utility of logit choice in its own unit: how
        much more likely, in nats. A rule covers offers that are nearer to its share than to others. Whoever leaves
        the menu gets the averaged assistant, which offers as a random person would: that is the outside option, and
        the reference that is costly to leave.

        Parameters
        ----------
        rules : shares by name
        amount : units that are split
        temperature : nats of utility per nat of KL from the reference

        Raises
        ------
        ProblemError
            If there are fewer than two rules, or a share is none.
        """
        checked_amount(amount)
        rules = RULES if rules is None else rules
        shares = finite("rules", list(rules.values()))
        if len(shares) < 2 or np.any((shares < 0) | (shares > 1)):
            raise ProblemError("rules need at least two shares between 0 and 1: give name -> share")
        nearest = np.abs(np.arange(amount + 1)[:, np.newaxis] / amount - shares).argmin(axis=1)
        member = nearest[:, np.newaxis] == np.arange(len(shares))
        chance = self.offers(amount) @ member
        chance /= chance.sum(axis=1, keepdims=True)
        if empty := [name for name, mass in zip(rules, member.sum(axis=0), strict=True) if not mass]:
            raise ProblemError(f"rule {empty[0]!r} covers no offer of {amount} units: give distinct shares")
        reference = self.weights @ chance
        return delegation(
            np.log(chance),
            self.weights,
            reference=reference / reference.sum(),
            temperature=temperature,
            outside_option=reference / reference.sum(),
            labels=self.labels,
            policies=tuple(rules),
        )

    def summary(self, *, level: float = 0.95) -> Summary:
        """How often each type accepts, in every band with a decision: posterior means, with central intervals.

        The posterior is a beta distribution of the decisions, with half a decision of either kind, as if each were made
        by another person: decisions of one run repeat each other, so errors are too small.

        Parameters
        ----------
        level : of the intervals
        """
        checked_level(level)
        row, band = np.nonzero(self.decided)
        yes, all_of_them = self.accepted[row, band] + 0.5, self.decided[row, band] + 1
        share = yes / all_of_them
        tails = [(1 - level) / 2, (1 + level) / 2]
        return Summary(
            f"Split types: {len(self.labels)} types, {int(self.decided.sum()):,} decisions",
            [f"{self.labels[r]} accepts {BANDS[b]:g} to {BANDS[b + 1]:g}" for r, b in zip(row, band, strict=True)],
            share,
            np.sqrt(share * (1 - share) / (all_of_them + 1)),
            np.nan,
            np.nan,
            0,
            float(self.decided.sum()),
            [
                "decisions count as if each were made by another person",
                f"{plural(self.n_passed_over, 'row')} passed over",
            ],
            level,
            np.stack([betaincinv(yes, all_of_them - yes, tail) for tail in tails], axis=1),
            is_posterior=True,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type and band: decisions, acceptances, rate."""
        pd = pandas()
        kind, band = (grid.ravel() for grid in np.indices(self.decided.shape))
        return pd.DataFrame(
            {
                "type": np.array(self.labels)[kind],
                "above": BANDS[band],
                "up_to": BANDS[band + 1],
                "decided": self.decided.ravel(),
                "accepted": self.accepted.ravel(),
                "acceptance": self.acceptance.ravel(),
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Acceptance of each type by the share offered; bands without a decision are left out."""
        ax = axes(ax, figsize=(6, 4), layout="constrained")
        for row, label in enumerate(self.labels):
            seen = self.decided[row] > 0
            ax.plot((BANDS[:-1] + BANDS[1:])[seen] / 2, self.acceptance[row, seen], "o-", ms=4, label=drawn(label))
        ax.axhline(0.5, color=GREY, lw=1)
        ax.set(xlabel="share offered", ylabel="probability of acceptance", ylim=(-0.03, 1.03))
        ax.legend(fontsize=8)
        return ax

    def _table(self) -> Table:
        spans = [", ".join(f"{low:g} to {high:g}" for low, high in self.acceptable(label)) for label in self.labels]
        columns = [
            names("type", self.labels),
            Column("weight", self.weights, ".3f"),
            Column("share offered", self.share, ".3f"),
            Column("rather accepts", [span or "nothing seen" for span in spans]),
        ]
        return Table(columns, f"Split types: {len(self.labels)} policies, {self.n_passed_over} rows passed over")

    def _row(self, label: str) -> int:
        return one_of("type", label, self.labels, "types")


@checked
def fit_split_types(table: Any, space: NormSpace | None = None) -> SplitTypes:
    """Types from a table of offers with the columns proposer_policy and responder_policy, as recordings have them.

    Raises
    ------
    ProblemError
        If the table cannot be read, or no user with a policy proposes in it.
    """
    space = space or share_norms()
    rows, passed_over = readable_splits(table)
    people, labels, evidence = people_of(rows, space)
    of_type = people["proposer_policy"].to_numpy()
    norm_weights = np.array([weights_of_norms(evidence[of_type == label]) for label in labels])
    weights = np.array([(of_type == label).mean() for label in labels])
    decided, accepted = _decisions(rows, labels)
    return SplitTypes(labels, weights, space, norm_weights, accepted, decided, passed_over)


# ---- tables of splits ----


def readable_splits(table: Any) -> tuple[Any, int]:
    """Rows with a user who has a policy and an offer that can be read, numbered; and how many rows are left out."""
    table = checked_offers(table)
    if missing := [name for name in ("proposer_policy", "responder_policy") if name not in table.columns]:
        raise ProblemError(f"the transcript has no column {missing[0]!r}: types are learned by policy")
    rows = table[table["proposer_policy"].notna() | table["responder_policy"].notna()]
    good = rows["to_other"].notna() & (rows["amount"] <= LARGEST) & rows["accepted"].notna()
    good &= ((rows["to_other"] >= 0) & (rows["to_other"] <= rows["amount"])).fillna(value=False).astype(bool)
    kept = rows[good].sort_values(["run_id", "epoch", "interaction"], kind="stable")
    if not kept["proposer_policy"].notna().any():
        raise ProblemError("no user with a policy proposes: there is nothing to learn types from")
    return kept.assign(row=np.arange(len(kept))), len(rows) - len(kept)


def people_of(rows: Any, space: NormSpace) -> tuple[Any, tuple[str, ...], Array]:
    """Each run and policy, names of the policies, and log evidence of each person's offers; (n_people, n_norms)."""
    shown = rows[rows["proposer_policy"].notna()]
    groups = shown.groupby(["run_id", "proposer_policy"], sort=True)
    number, turn = groups.ngroup().to_numpy(), groups.cumcount().to_numpy()
    people = shown.drop_duplicates(["run_id", "proposer_policy"]).sort_values(["run_id", "proposer_policy"])
    tables = tables_of(space, shown["amount"].unique())
    currency = shown["currency"].to_numpy()
    amount, units = shown["amount"].to_numpy(dtype=np.int64), shown["to_other"].to_numpy(dtype=np.int64)
    evidence = no_evidence(space, len(people))
    last = np.full(len(people), -1)
    for k in range(int(turn.max()) + 1):
        at = np.flatnonzero(turn == k)
        who = number[at]
        new = [
            last[p] >= 0 and (currency[last[p]], amount[last[p]]) != (currency[r], amount[r])
            for p, r in zip(who, at, strict=True)
        ]
        moved = who[np.array(new, dtype=bool)]
        evidence[moved] = in_new_setting(evidence[moved], space)
        evidence[who] = after_offer(evidence[who], tables, amount[at], units[at])
        last[who] = at
    return people, tuple(sorted(people["proposer_policy"].unique())), norm_evidence(evidence)


def weights_of_norms(evidence: Array) -> Array:
    """How common norms are among people with this log evidence, (n_people, n_norms), by EM; (n_norms,)."""
    labels = [str(k) for k in range(evidence.shape[1])]
    return population_of(evidence[np.newaxis], labels, concentration=SMOOTHING).smoothed


def _decisions(rows: Any, labels: Sequence[str]) -> tuple[Array, Array]:
    n_bands = len(BANDS) - 1
    decided, accepted = np.zeros((2, len(labels), n_bands))
    for row, label in enumerate(labels):
        part = rows[rows["responder_policy"] == label]
        decided[row] = np.bincount(band_of(part), minlength=n_bands)
        accepted[row] = np.bincount(band_of(part), part["accepted"].to_numpy(dtype=np.float64), n_bands)
    return decided, accepted


def share_of_rows(rows: Any) -> Array:
    """Share of the amount that each row offers."""
    return rows["to_other"].to_numpy(dtype=np.float64) / rows["amount"].to_numpy(dtype=np.float64)


def band_of(rows: Any) -> Any:
    """Number of the band that each offer lies in."""
    return np.searchsorted(BANDS[1:], share_of_rows(rows))
