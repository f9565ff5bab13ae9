"""The ultimatum game in groups of users who share norms and of assistants who learn them.

In every epoch a setting comes up, a currency and an amount, and everybody proposes once to the next in a circle of
users and assistants: nine users and one assistant (1v9) play 8 user-user and 2 mixed interactions, five and five
3 user-user, 4 mixed and 3 assistant-assistant ones, one user and nine assistants 2 mixed and 8 among assistants. A
rejection leaves both with nothing. Users keep their policies, and assistants learn from what they see users do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from inference.game.assistant import Assistant, Interaction, Memory, watch
from inference.game.beliefs import Integers, Tables, expected_share, tables_of
from inference.game.manners import TONES
from inference.game.rules import Game
from inference.game.transcripts import Play


@checked
def play(
    game: Game,
    assistant: Assistant | None = None,
    *,
    n_runs: int = 1,
    rng: np.random.Generator,
    beliefs: bool = False,
    progress: bool | Callable[[str], None] = False,
) -> Play:
    """Play a game many times; all runs advance together.

    Parameters
    ----------
    game : who plays for what
    assistant : how assistants learn, by default with even odds of a selfish, fair or altruistic prior
    n_runs : independent runs
    beliefs : also keep what the first assistant believes after each interaction (else NaN)
    progress : True to print a line per epoch to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If there is no run, or amounts are too large for tables.

    Examples
    --------
    >>> played = play(Game(users=("selfish",) * 9), n_runs=100, rng=np.random.default_rng(1))
    >>> played
    100 runs: 9 users, 1 assistants, 5 epochs
    epoch   users  assistant     gap
        0   0.032      0.032  +0.000
        1   0.026      0.033  +0.008
        2   0.026      0.026  +0.000
        3   0.027      0.029  +0.002
        4   0.028      0.028  +0.000
    """
    if n_runs < 1:
        raise ProblemError(f"n_runs is {n_runs}: play at least once")
    generator(rng)
    assistant, report = assistant or Assistant(), reporter(progress)
    setting, amount = _drawn_settings(game, n_runs, rng)
    n_users, slots = len(game.users), game.schedule
    tables = tables_of(assistant.space, amount)
    users = _UserTables.of(game, tables)
    memory = Memory.empty(assistant, tables, tuple(s.name for s in game.settings), n_runs)
    seat_prior = rng.integers(len(assistant.priors), size=(n_runs, max(game.n_assistants, 1)))
    log_priors = assistant.log_priors
    shape = (n_runs, game.n_epochs, len(slots))
    units, accepted = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    mean, sd = np.full(shape, np.nan), np.full(shape, np.nan)
    seated = np.empty((n_runs, game.n_epochs, n_users), dtype=np.int64)
    tone = TONES.index(game.tone)
    for epoch in range(game.n_epochs):
        report(f"ultimatum game: epoch {epoch + 1} of {game.n_epochs}, {n_runs} runs")
        place, pot = setting[:, epoch], amount[:, epoch]
        seated[:, epoch] = order = rng.permuted(np.tile(np.arange(n_users), (n_runs, 1)), axis=1)
        memory = memory.entering(place)
        before = memory
        common = rng.random((2, n_runs, users.n_policies))  # what users with the same policy do alike
        for k, slot in enumerate(slots):
            acting = memory if assistant.learning == "interaction" else before
            if slot.proposer < n_users:
                policy = users.policy(order[:, slot.proposer], place, "proposer")
                offer = users.offer(policy, pot, _marks(common[0], policy, game.alike, rng))
            else:
                prior = log_priors[seat_prior[:, slot.proposer - n_users]]
                offer = acting.propose(prior, pot, rng=rng)
            if slot.responder < n_users:
                policy = users.policy(order[:, slot.responder], place, "responder")
                answer = users.accepts(policy, pot, offer, _marks(common[1], policy, game.alike, rng))
            else:
                prior = log_priors[seat_prior[:, slot.responder - n_users]]
                answer = acting.respond(prior, pot, offer, rng)
            units[:, epoch, k], accepted[:, epoch, k] = offer, answer
            if game.n_assistants:
                shown, told = (np.full(n_runs, seat < n_users) for seat in (slot.proposer, slot.responder))
                memory = watch(memory, Interaction(pot, offer, answer, shown, told, tone))
            if beliefs:
                now = memory.norm_posterior(log_priors[seat_prior[:, 0]])
                mean[:, epoch, k], sd[:, epoch, k] = expected_share(now, assistant.space)
    return Play(game, assistant, setting, amount, seated, units, accepted, mean, sd)


# ---- users ----


@dataclass(frozen=True, eq=False)
class _UserTables:
    """Cumulative offers and acceptance of the policies of users, for every amount."""

    names: tuple[str, ...]
    rules: dict[str, Integers]  # role -> (n_users, n_settings), which policy rules
    cumulative: Array  # (n_policies, n_amounts, largest + 1)
    acceptance: Array
    tables: Tables

    @classmethod
    def of(cls, game: Game, tables: Tables) -> _UserTables:
        rules = {
            role: [[game.policy_name(user, setting.name, role) for setting in game.settings] for user in game.users]
            for role in ("proposer", "responder")
        }
        names = tuple(sorted({name for rows in rules.values() for row in rows for name in row}))
        largest = int(tables.amounts[-1]) + 1
        cumulative, acceptance = np.ones((2, len(names), len(tables.amounts), largest))
        for p, name in enumerate(names):
            for row, amount in enumerate(tables.amounts.tolist()):
                offers = game.policies[name].log_offers(amount)
                if offers.shape != (amount + 1,):
                    raise ProblemError(f"policy {name!r} is a population, {offers.shape[:-1]}: users have one each")
                cumulative[p, row, : amount + 1] = np.cumsum(np.exp(offers))
                acceptance[p, row, : amount + 1] = np.exp(game.policies[name].log_acceptance(amount))
                cumulative[p, row, amount:] = 1.0
        numbered = {role: np.array([[names.index(n) for n in row] for row in rows]) for role, rows in rules.items()}
        return cls(names, numbered, cumulative, acceptance, tables)

    @property
    def n_policies(self) -> int:
        return len(self.names)

    def policy(self, user: Integers, setting: Integers, role: str) -> Integers:
        return np.asarray(self.rules[role][user, setting])

    def offer(self, policy: Integers, amount: Integers, mark: Array) -> Integers:
        return np.asarray((mark[:, np.newaxis] >= self.cumulative[policy, self.tables.row(amount)]).sum(axis=-1))

    def accepts(self, policy: Integers, amount: Integers, units: Integers, mark: Array) -> NDArray[np.bool_]:
        return np.asarray(mark < self.acceptance[policy, self.tables.row(amount), units])


def _marks(common: Array, policy: Integers, alike: float, rng: np.random.Generator) -> Array:
    """Uniform numbers by which users draw: the common one of their policy, or their own."""
    own, conforms = rng.random(len(policy)), rng.random(len(policy)) < alike
    return np.where(conforms, common[np.arange(len(policy)), policy], own)


def _drawn_settings(game: Game, n_runs: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Number of the setting, and amount, of each run and epoch; two (n_runs, n_epochs) arrays."""
    n_settings = len(game.settings)
    if game.in_turn:
        setting = np.tile(np.arange(game.n_epochs) % n_settings, (n_runs, 1))
    else:
        setting = rng.integers(n_settings, size=(n_runs, game.n_epochs))
    lowest, highest = (np.array([getattr(s, end) for s in game.settings]) for end in ("lowest", "highest"))
    amount = rng.integers(lowest[setting], highest[setting] + 1)
    return setting, amount
