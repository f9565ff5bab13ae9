"""What the requests of one endpoint may cost and how fast they may follow each other, over all threads."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

from contracts.inputs.frozen import dataclass
from inference.language.chat.errors import CostError

LONGEST_PAUSE = 1e6  # seconds; a clock takes no more than about 1e9


@dataclass(eq=False)
class Charge:
    """One request: what it may cost at most, and what it has cost so far.

    Parameters
    ----------
    most : money that is set aside for it
    cost : money that it is charged with when it is over; nothing as long as nothing was sent
    """

    most: float
    cost: float = field(default=0.0, init=False)


@dataclass(eq=False)
class Allowance:
    """Money and pace.

    A request sets its worst case aside before it is sent, so that threads together stay within the budget; what it
    did cost takes the place of that when it is over. Whatever was sent counts, answered or not.

    Examples
    --------
    >>> allowance = Allowance()
    >>> with allowance.reserved(0.4, budget=1.0) as charge:
    ...     charge.cost = 0.3
    >>> allowance.spent
    0.3
    """

    spent: float = field(default=0.0, init=False)
    requests: int = field(default=0, init=False)
    _open: dict[int, float] = field(default_factory=dict, init=False, repr=False)
    _next: float = field(default=0.0, init=False, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False, repr=False)

    @contextmanager
    def reserved(self, most: float, budget: float) -> Iterator[Charge]:
        """Set money aside for one request.

        If what is left would do but is set aside by requests of other threads, wait for what those really cost.

        Raises
        ------
        CostError
            If the budget is too small, whatever they cost.
        """
        charge = Charge(most)
        with self._changed:
            # "not <=" and never ">": a budget that was set to nan afterwards admits nothing
            while not self.spent + math.fsum(self._open.values()) + most <= budget:
                if not self.spent + most <= budget:
                    raise CostError(
                        f"the next request could cost {most:.4g} and {self.spent:.4g} of the budget of {budget:.4g} "
                        "is spent: raise budget, or go on later from the cache"
                    )
                self._changed.wait()
            self._open[id(charge)] = most
        try:
            yield charge
        finally:
            with self._changed:
                del self._open[id(charge)]
                self.spent += charge.cost
                self._changed.notify_all()

    def turn(self, per_minute: float) -> float:
        """Wait for one's turn; returns the seconds that took."""
        with self._changed:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + 60.0 / per_minute
        pause = min(start - now, LONGEST_PAUSE)
        time.sleep(pause)
        return pause

    def sending(self, charge: Charge) -> None:
        """From here on the request counts, in full until it is known what it cost."""
        with self._changed:
            charge.cost = charge.most
            self.requests += 1

    def not_sent(self, charge: Charge) -> None:
        """Nothing left this machine after all."""
        with self._changed:
            charge.cost = 0.0
            self.requests -= 1
