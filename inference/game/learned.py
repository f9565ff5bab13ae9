"""What an assistant has learned from the transcript of one group, after every interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import entr

from contracts.display.palette import INK, axes
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, formerly
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from inference.game.assistant import Assistant, Memory, watch
from inference.game.beliefs import norm_prior, tables_of
from inference.game.checks.doubt import ALARM, Doubt
from inference.game.currencies import Question, question
from inference.game.recordings import interactions, script_of
from inference.splits.policies import checked_amount

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LearnedNorm(Tabular):
    """The posterior of a group's norm, as it grew.

    Attributes
    ----------
    assistant : who learned; prior, what it thought before, as given
    probabilities : (n_seen + 1, n_norms), before anything and after each interaction, for the setting then in force
    currency, amount, seen : (n_seen,) what was split, and the share that a user offered; NaN where an assistant did
    n_unreadable : offers that were passed over
    memory : everything seen, to go on from
    misfit : (n_seen + 1,) what bets against a single norm have made of 1, nats; from log(20) on they ring
    doubt : whoever bets, and foretells offers without a norm
    """

    assistant: Assistant
    prior: str | float | None
    probabilities: Array
    currency: tuple[str, ...]
    amount: tuple[int, ...]
    seen: Array
    n_unreadable: int
    unreadable = formerly("n_unreadable")
    memory: Memory
    misfit: Array
    doubt: Doubt

    @property
    def fits(self) -> bool:
        """Whether one norm is a good account of the offers; false for one group of twenty that does hold a norm.

        Where it is not, `mean` and `sd` describe a norm that nobody holds, and `mean_offer` what the group does.
        """
        return bool(self.misfit.max() < ALARM)

    def mean_offer(self, amount: int) -> tuple[float, float]:
        """Mean and standard deviation of the share of an amount that the group offers on average.

        Averaged over one norm and none, by how well each foretold the offers seen. See `inference.game.checks.doubt`.
        """
        tables = tables_of(self.assistant.space, [checked_amount(amount)])
        prior = norm_prior(self.assistant.space, self.prior, strength=self.assistant.strength)
        own = self.memory.mean_offer(prior, amount, tables)
        mean, sd = self.doubt.averaged(*own, tables, amount)
        return float(mean[0]), float(sd[0])

    @property
    def mean(self) -> Array:
        """Expected share that the norm gives; (n_seen + 1,)."""
        return np.asarray(self.probabilities @ self.assistant.space.share)

    @property
    def sd(self) -> Array:
        """Standard deviation of the share; (n_seen + 1,)."""
        variance = self.probabilities @ self.assistant.space.share**2 - self.mean**2
        return np.sqrt(np.maximum(variance, 0.0))

    @property
    def entropy(self) -> Array:
        """Entropy of the norm, nats; (n_seen + 1,)."""
        return np.asarray(entr(self.probabilities).sum(axis=1))

    @property
    def question(self) -> Question:
        """What asking is worth now."""
        return question(self.probabilities[-1:], self.assistant.space)

    def propose(self, amount: int, *, rng: np.random.Generator, currency: str | None = None) -> int:
        """Units that the assistant offers next, by default in the last currency.

        Raises
        ------
        ProblemError
            If the amount cannot be split, or the currency has never been seen.
        """
        name = self.currency[-1] if currency is None else currency
        names = self.memory.settings
        kernel = self.assistant.kernel
        if name not in names:
            if kernel is None:
                raise ProblemError(
                    f"currency {name!r} has never been seen, only {', '.join(names)}: learn with "
                    "Assistant(kernel=currency_kernel(...)) to say how alike they are"
                )
            kernel.position(name)
            names = (*names, name)
        tables = tables_of(self.assistant.space, [checked_amount(amount)])
        memory = Memory(self.assistant, tables, names, self.memory.setting, self.memory.evidence, self.memory.remarks)
        memory = memory.entering(np.array([names.index(name)]))
        prior = norm_prior(self.assistant.space, self.prior, strength=self.assistant.strength)
        return int(memory.propose(prior, np.array([amount]), rng=rng)[0])

    def to_frame(self) -> pd.DataFrame:
        """One row per interaction: what was seen, and what was believed after it."""
        pd = pandas()
        return pd.DataFrame(
            {
                "currency": self.currency,
                "amount": self.amount,
                "seen": self.seen,
                "mean": self.mean[1:],
                "sd": self.sd[1:],
                "entropy": self.entropy[1:],
                "misfit": self.misfit[1:],
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Shares that users offered, and the expected share with one standard deviation, by interaction."""
        ax = axes(ax, figsize=(6, 3.5), layout="constrained")
        steps = np.arange(len(self.mean))
        ax.fill_between(steps, self.mean - self.sd, self.mean + self.sd, alpha=0.25, lw=0)
        ax.plot(steps, self.mean, label="expected share, 1 sd")
        ax.plot(steps[1:], self.seen, ".", color=INK, label="users' offers")
        ax.set(xlabel="interactions seen", ylabel="share offered", ylim=(-0.04, 1.04))
        ax.legend()
        return ax

    @property
    def _alarm(self) -> str:
        mean, sd = self.mean_offer(50)
        return (
            f"NOT ONE NORM: bets against it made e^{self.misfit.max():.1f} of 1. Users differ, mix or change; "
            f"on average they offer {mean:.3f}, sd {sd:.3f} (`mean_offer`)"
        )

    def _table(self) -> Table:
        space = self.assistant.space
        shares = np.unique(space.share)
        weights = np.array([self.probabilities[-1, space.share == share].sum() for share in shares])
        top = [k for k in np.argsort(-weights, kind="stable")[:5] if weights[k] >= 0.0005]
        return Table(
            [Column("share", shares, ".2f"), Column("probability", weights, ".3f")],
            f"Norm after {len(self.currency)} interactions, {self.n_unreadable} offers unreadable",
            [f"mean {self.mean[-1]:.3f}, sd {self.sd[-1]:.3f}", *([] if self.fits else [self._alarm])],
            shown=top,
        )


@checked
def learn_norm(table: Any, assistant: Assistant | None = None, *, prior: str | float | None = None) -> LearnedNorm:
    """Learn the norm of one group from its transcript.

    Parameters
    ----------
    table : one run, a pandas or polars frame with the columns of `offers.parquet` that a replay needs
    assistant : who learns; its own priors are not used
    prior : what it thinks before, see `norm_prior`; even by default

    Raises
    ------
    ProblemError
        If the transcript is empty, cannot be read, or holds several runs.

    Examples
    --------
    >>> from inference.game.ultimatum import play
    >>> from inference.game.rules import Game
    >>> transcript = play(Game(users=("fair",) * 9), rng=np.random.default_rng(1)).to_frame()
    >>> learned = learn_norm(transcript, Assistant(temperature=0.0), prior="selfish")
    >>> learned
    Norm after 50 interactions, 0 offers unreadable
    share  probability
     0.50        1.000
    mean 0.500, sd 0.000
    >>> learned.propose(30, rng=np.random.default_rng(1))
    15
    """
    assistant = assistant or Assistant()
    script = script_of(table)
    if len(script.run_ids) != 1:
        raise ProblemError(f"the transcript holds {len(script.run_ids)} runs: choose one by its run_id")
    space = assistant.space
    tables = tables_of(space, script.amount[script.happened])
    memory = Memory.empty(assistant, tables, script.settings, 1)
    log_prior = norm_prior(space, prior, strength=assistant.strength)
    rows, currency, amount, seen = [memory.norm_posterior(log_prior)[0]], [], [], []
    doubt, misfit = Doubt.none(space), [0.0]
    for _, _, setting, new, happened in interactions(script):
        memory, doubt = memory.entering(setting, new), doubt.entering(new)
        chance = memory.log_chance(log_prior, happened.amount, happened.units)
        doubt = doubt.saw(tables, happened.amount, happened.units, chance, happened.shown)
        memory = watch(memory, happened)
        misfit.append(float(doubt.log_bet[0]))
        rows.append(memory.norm_posterior(log_prior)[0])
        currency.append(script.settings[setting[0]])
        amount.append(int(happened.amount[0]))
        seen.append(happened.units[0] / happened.amount[0] if happened.shown[0] else np.nan)
    probabilities, unreadable = np.exp(np.array(rows)), int((script.happened & (script.units < 0)).sum())
    return LearnedNorm(
        assistant,
        prior,
        probabilities,
        tuple(currency),
        tuple(amount),
        np.array(seen),
        unreadable,
        memory,
        np.array(misfit),
        doubt,
    )
