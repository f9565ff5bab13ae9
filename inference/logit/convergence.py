"""How the maximum of a likelihood with several of them was found: where each start ended."""

from __future__ import annotations

from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass

SAME = 1e-6  # relative distance in log likelihood within which two starts have found the same maximum


@checked
@dataclass(frozen=True)
class Convergence:
    """How the maximum was found.

    Attributes
    ----------
    log_likelihoods : where each start ended, the best first (less the penalty, with ridge)
    n_rounds : of EM or BFGS and of Newton, from the best start
    gradient : largest component of the gradient there, each in units of its standard deviation over people

    Examples
    --------
    Two of three starts found the same maximum:

    >>> found = Convergence(log_likelihoods=(-100.0, -100.0, -103.5), n_rounds=12, gradient=1e-9)
    >>> found.n_starts, found.n_reached, found.is_lonely
    (3, 2, False)
    """

    log_likelihoods: tuple[float, ...]
    n_rounds: int
    gradient: float
    rounds, starts, reached = map(formerly, ("n_rounds", "n_starts", "n_reached"))

    @property
    def n_starts(self) -> int:
        return len(self.log_likelihoods)

    @property
    def n_reached(self) -> int:
        """How many starts ended at the best value."""
        best = self.log_likelihoods[0]
        return sum(best - value <= SAME * max(1.0, abs(best)) for value in self.log_likelihoods)

    @property
    def is_lonely(self) -> bool:
        """Whether one of several starts alone found the best value: others may have missed a still better one."""
        return self.n_reached == 1 < self.n_starts

    def told(self) -> str:
        """How many starts ended here, in words."""
        starts = f"{self.n_reached} of {self.n_starts} starts" if self.n_starts > 1 else "1 start"
        return f"{starts} reached this maximum"

    def doubts(self) -> list[str]:
        """What to say beside a maximum that one of several starts alone has found."""
        return ["no second start found it: more starts may find a better one"] if self.is_lonely else []
