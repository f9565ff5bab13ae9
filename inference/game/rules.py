"""Who plays the ultimatum game for what, and who proposes to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.annotations import texts
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.game.beliefs import checked_names
from inference.game.manners import TONES
from inference.splits.policies import POLICIES, Policy, checked_amount

ALIKE = 0.99  # language models at temperature 0 answer alike: in 99 % of recorded run-epochs all their offers agree


@checked
@dataclass(frozen=True)
class Setting:
    """What is split: a currency, and the range of the amount.

    Parameters
    ----------
    currency : its name
    lowest, highest : units; amounts are drawn evenly between them, both included
    label : how rules refer to the setting; by default the currency
    """

    currency: str
    lowest: int = 10
    highest: int = 100
    label: str = ""

    def __post_init__(self) -> None:
        if checked_amount(self.lowest) > checked_amount(self.highest):
            raise ProblemError(f"{self.currency}: lowest {self.lowest} exceeds highest {self.highest}: swap them")

    @property
    def name(self) -> str:
        return self.label or self.currency


@checked(own=("users",))
@dataclass(frozen=True, eq=False)
class Game:
    """A group and what it plays for.

    Parameters
    ----------
    users : the policy of every user, by name
    n_assistants : how many join
    n_epochs : how often a setting comes up and everybody proposes
    settings : one is drawn for each epoch; or, with `in_turn`, they come in this order, one an epoch
    policies : what names of policies mean
    exceptions : (policy, setting) -> policy that rules instead in that setting
    answers : policy -> policy by which such users answer offers, where it is another one
    tone : how users speak: rude, neutral or sycophantic
    alike : probability that a user does what others with the same policy do in that setting

    Raises
    ------
    ProblemError
        If nobody can play, or a name is not known.

    Examples
    --------
    >>> game = Game(users=("selfish",) * 5, n_assistants=5)
    >>> [sum(slot.pairing == pairing for slot in game.schedule) for pairing in PAIRINGS]
    [3, 2, 2, 3]
    """

    users: tuple[str, ...]
    n_assistants: int = 1
    n_epochs: int = 5
    settings: tuple[Setting, ...] = (Setting("apples"), Setting("blankets"), Setting("dollars"))
    policies: Mapping[str, Policy] = field(default_factory=lambda: POLICIES)
    exceptions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    tone: str = "neutral"
    alike: float = ALIKE
    in_turn: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.users, str):
            raise ProblemError(f"users is {self.users!r}: give one policy per user, such as ({self.users!r},) * 9")
        object.__setattr__(self, "users", texts("users", self.users))
        for name in ("n_assistants", "n_epochs"):
            if not isinstance(getattr(self, name), int | np.integer):
                raise ProblemError(f"{name} is {getattr(self, name)!r}: give a whole number")
        if not self.users or self.n_assistants < 0 or len(self.users) + self.n_assistants < 2:
            raise ProblemError(
                f"{len(self.users)} users, {self.n_assistants} assistants: at least one user and two people"
            )
        if self.n_epochs < 1 or not self.settings:
            raise ProblemError("epochs and settings are needed: at least one of each")
        checked_names(self.policies, [*self.users, *self.exceptions.values(), *self.answers.values()])
        known = {setting.name for setting in self.settings}
        if strange := [name for _, name in self.exceptions if name not in known]:
            raise ProblemError(f"exceptions name the setting {strange[0]!r}: the game has {', '.join(sorted(known))}")
        if self.tone not in TONES:
            raise ProblemError(f"tone is {self.tone!r}: give {', '.join(TONES)}")
        if not 0 <= self.alike <= 1:
            raise ProblemError(f"alike is {self.alike}: a probability between 0 and 1")

    @property
    def schedule(self) -> tuple[Slot, ...]:
        """Who proposes to whom in an epoch; users among themselves first, assistants among themselves last."""
        users, assistants = len(self.users), self.n_assistants
        circle = list(range(users + assistants))
        if min(users, assistants) > 1:  # the last user sits behind the first assistant
            circle[users - 1], circle[users] = users, users - 1
        pairs = list(zip(circle, circle[1:] + circle[:1], strict=True))
        pairs.sort(key=lambda pair: sum(seat >= users for seat in pair))
        kind = ("user", "assistant")
        return tuple(Slot(p, r, f"{kind[p >= users]} to {kind[r >= users]}") for p, r in pairs)

    def policy_name(self, user_policy: str, setting: str, role: str) -> str:
        """The policy that rules."""
        name = self.exceptions.get((user_policy, setting), user_policy)
        return self.answers.get(name, name) if role == "responder" else name


PAIRINGS = ("user to user", "user to assistant", "assistant to user", "assistant to assistant")


@dataclass(frozen=True)
class Slot:
    """One interaction: seats of proposer and responder; users sit first, then assistants."""

    proposer: int
    responder: int
    pairing: str
