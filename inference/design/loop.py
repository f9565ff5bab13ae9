"""The closed loop: offer a menu, watch choices, learn how common the types are, offer the next menu.

Each round a few new agents, of types drawn from the true weights, choose by logit from what is on offer. The principal
knows the types' valuations, not their weights; it holds a Dirichlet prior and learns from counts. Its regret is what
the best menu for the true weights would have been expected to earn, less what its own is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.numbers import plural
from contracts.display.palette import axes
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from contracts.problem.screening import ScreeningProblem
from inference.choice.model import Logit
from inference.design.asking import AskingMenu, asking_menu
from inference.types.population import Population, population_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WARMUP = 25  # Gibbs sweeps before a Thompson draw
IMAGINED = 12  # rounds of choices that look-ahead imagines for every candidate


@dataclass(frozen=True, eq=False)
class Round:
    """What a designer of menus may use: beliefs so far, and how long it will go on."""

    problem: ScreeningProblem  # its weights are what is believed, `population.smoothed`
    population: Population
    temperature: float
    remaining: int  # rounds after this one
    n_users: int  # agents a round
    last: AskingMenu | None
    seen: tuple[AskingMenu, ...]  # menus offered so far
    counts: tuple[Array, ...]  # how often each of their options was taken, the outside option last
    rng: np.random.Generator


Designer = Callable[[Round], AskingMenu]


def believed(now: Round) -> AskingMenu:
    """The best menu for the weights as they are believed to be."""
    return _asking(now, now.problem)


def thompson(now: Round) -> AskingMenu:
    """The best menu for weights drawn from their posterior: what may be best is tried (Thompson 1933)."""
    drawn = now.population.gibbs(rng=now.rng, n_draws=1, n_chains=1, n_warmup=WARMUP).draws[0]
    drawn = np.maximum(drawn, 1e-6)
    return _asking(now, now.problem.under(drawn / drawn.sum()))


def look_ahead(now: Round) -> AskingMenu:
    """Of the best menu and more telling ones, the one worth most with what its choices will be worth in later rounds.

    One step: choices are imagined, beliefs updated, and the best of the same candidates offered ever after.
    """
    first = _asking(now, now.problem)
    candidates = [first]
    for share in (0.1, 1.0):
        candidates.append(_asking(now, now.problem, information_weight=share * abs(first.value), starts=[first]))
    current = max(menu.value for menu in candidates)
    scores = []
    for menu in candidates:
        later = [max(other.expected_value(w) for other in candidates) for w in _imagined(now, menu)]
        scores.append(menu.value + now.remaining * (np.mean(later) - current))
    return candidates[int(np.argmax(scores))]


def single_contract(now: Round) -> AskingMenu:
    """The best take-it-or-leave-it offer for the weights as they are believed to be: no menu at all."""
    return _asking(now, now.problem, n_options=1)


def random_menu(now: Round) -> AskingMenu:
    """The best menu for weights drawn at random, whatever was learned."""
    drawn = now.rng.dirichlet(np.ones(now.problem.n_types))
    return _asking(now, now.problem.under(0.999 * drawn + 0.001 / now.problem.n_types))


DESIGNERS: Mapping[str, Designer] = {
    "believed": believed,
    "thompson": thompson,
    "look-ahead": look_ahead,
    "single contract": single_contract,
    "random menus": random_menu,
}


@checked
@dataclass(frozen=True, eq=False, repr=False)
class LearningCurves(Tabular):
    """Regret of each designer against knowing the weights; asking_menu's best for them is the benchmark.

    Attributes
    ----------
    designers : names
    regret : (n_designers, n_runs, n_rounds) array, money per agent; expected over types and choices in each round
    error : (n_designers, n_runs, n_rounds), half the sum of differences between believed and true weights
    best : value per agent of the best menu for the true weights
    """

    designers: tuple[str, ...]
    regret: Array
    error: Array
    best: float

    @property
    def cumulative(self) -> Array:
        """Regret summed over rounds, averaged over runs; (n_designers, n_rounds), money per agent and round."""
        return np.cumsum(self.regret.mean(axis=1), axis=1)

    def standard_error(self) -> Array:
        """Of the mean cumulative regret at the end, over runs; (n_designers,), not a number after a single run."""
        totals = self.regret.sum(axis=2)
        if totals.shape[1] == 1:
            return np.full(len(totals), np.nan)
        return np.asarray(totals.std(axis=1, ddof=1) / np.sqrt(totals.shape[1]))

    def to_frame(self) -> pd.DataFrame:
        """One row per designer, run and round."""
        pd = pandas()
        index = pd.MultiIndex.from_product(
            [self.designers, range(self.regret.shape[1]), range(self.regret.shape[2])],
            names=["designer", "run", "round"],
        )
        return pd.DataFrame({"regret": self.regret.ravel(), "error": self.error.ravel()}, index=index).reset_index()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Cumulative regret by round; returns the matplotlib axes."""
        ax = axes(ax)
        for name, line in zip(self.designers, self.cumulative, strict=True):
            ax.plot(np.arange(1, len(line) + 1), line, label=drawn(name))
        ax.set_xlabel("round")
        ax.set_ylabel("cumulative regret per agent, money")
        ax.legend()
        return ax

    def _table(self) -> Table:
        runs, rounds = self.regret.shape[1:]
        mean = self.regret.mean(axis=1)
        columns = [
            names("designer", self.designers),
            Column("first", mean[:, 0], ".4f"),
            Column("last", mean[:, -1], ".4f"),
            Column("sum", mean.sum(axis=1), ".4f"),
            Column("s.e.", self.standard_error() if runs > 1 else [None] * len(mean), ".4f"),
            Column("error", self.error[:, :, -1].mean(axis=1), ".3f"),
        ]
        best = f"knowing the weights ({self.best:.4g} a round and agent)"
        return Table(columns, f"Regret against {best}, {plural(runs, 'run')} of {plural(rounds, 'round')}")


@checked
def simulate_learning(
    problem: ScreeningProblem,
    *,
    temperature: float,
    n_rounds: int = 20,
    n_users: int = 10,
    n_runs: int = 10,
    designers: Sequence[str] | Mapping[str, Designer] = tuple(DESIGNERS),
    concentration: float = 1.0,
    prior: Any = None,
    rng: np.random.Generator,
    progress: bool | Callable[[str], None] = False,
) -> LearningCurves:
    """Play the closed loop of menus and choices with several designers, the same agents for each.

    Parameters
    ----------
    problem : the truth; its weights are what the principal does not know
    temperature : money; of the agents' logit choice, known
    n_rounds, n_users, n_runs : rounds in a run, new agents in a round, runs
    designers : names out of DESIGNERS, or a mapping of your own
    concentration, prior : the Dirichlet prior on weights has parameters n_types * concentration * prior; equal shares
        if left out
    progress : True to print a line per run to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If a designer is unknown or a number makes no sense.

    Examples
    --------
    >>> import contracts
    >>> problem = ScreeningProblem([1.0, 2.0], [0.8, 0.2], cost=contracts.Quadratic())
    >>> curves = simulate_learning(problem, temperature=0.1, n_rounds=3, n_runs=2, designers=["believed"],
    ...                            rng=np.random.default_rng(0))
    >>> curves.regret.shape, bool(curves.regret[0, :, -1].mean() < curves.regret[0, :, 0].mean())
    ((1, 2, 3), True)
    """
    chosen = dict(designers) if isinstance(designers, Mapping) else {name: _designer(name) for name in designers}
    for name, count in (("n_rounds", n_rounds), ("n_users", n_users), ("n_runs", n_runs)):
        if count < 1:
            raise ProblemError(f"{name} is {count}: there must be at least one")
    shares = np.full(problem.n_types, 1 / problem.n_types) if prior is None else finite("prior", prior, problem.labels)
    alpha = problem.n_types * concentration * np.asarray(shares)
    report = reporter(progress)
    best = asking_menu(problem, temperature=temperature)
    regret, error = np.zeros((2, len(chosen), n_runs, n_rounds))
    for run in range(n_runs):
        seed = int(generator(rng).integers(2**63))
        for k, designer in enumerate(chosen.values()):
            regret[k, run], error[k, run] = _play(
                problem, designer, best, temperature, n_rounds, n_users, alpha, np.random.default_rng(seed)
            )
        sums = ", ".join(f"{name} {regret[k, run].sum():.4g}" for k, name in enumerate(chosen))
        report(f"run {run + 1} of {n_runs}: regret {sums}")
    return LearningCurves(tuple(chosen), regret, error, best.value)


def _designer(name: str) -> Designer:
    if name not in DESIGNERS:
        raise ProblemError(f"designer {name!r} is unknown: use {', '.join(DESIGNERS)}, or a mapping of your own")
    return DESIGNERS[name]


def _play(
    problem: ScreeningProblem,
    designer: Designer,
    best: AskingMenu,
    temperature: float,
    n_rounds: int,
    n_users: int,
    alpha: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """One run: regret and error of beliefs in every round."""
    seen, counts = list[AskingMenu](), list[Array]()
    regret, error = np.zeros((2, n_rounds))
    agents, own = rng.spawn(2)  # the same agents whatever the designer draws for itself
    for number in range(n_rounds):
        population = _learned(problem, seen, counts, alpha)
        beliefs = problem.under(population.smoothed)
        last = seen[-1] if seen else None
        remaining = n_rounds - number - 1
        now = Round(beliefs, population, temperature, remaining, n_users, last, tuple(seen), tuple(counts), own)
        offer = designer(now)
        types = agents.choice(problem.n_types, size=n_users, p=problem.weights / problem.weights.sum())
        choices = Logit(temperature).simulate(offer.choice_set.utility[types], rng=agents)
        seen.append(offer)
        counts.append(np.bincount(choices, minlength=offer.probabilities.shape[1]).astype(np.float64))
        regret[number] = best.value - offer.expected_value(problem.weights)
        error[number] = np.abs(population.smoothed - problem.weights).sum() / 2
    return regret, error


def _learned(problem: ScreeningProblem, seen: list[AskingMenu], counts: list[Array], alpha: Array) -> Population:
    """Weights learned from how often each option of each menu was taken."""
    if not seen:
        empty = np.zeros((1, 0, problem.n_types))
        return population_of(empty, problem.labels, concentration=alpha, size=np.zeros(0, dtype=np.int64))
    chances = np.vstack([menu.probabilities.T for menu in seen])
    taken = np.concatenate(counts).astype(np.int64)
    kept = taken > 0
    log_chances = np.log(np.maximum(chances[kept], 1e-300))[np.newaxis]
    return population_of(log_chances, problem.labels, concentration=alpha, size=taken[kept])


def _imagined(now: Round, menu: AskingMenu) -> list[Array]:
    """Weights that might be believed after a round with this menu."""
    overall = now.problem.weights @ menu.probabilities
    beliefs = []
    for taken in now.rng.multinomial(now.n_users, overall / overall.sum(), size=IMAGINED):
        seen, counts = [*now.seen, menu], [*now.counts, taken.astype(np.float64)]
        beliefs.append(_learned(now.problem, seen, counts, now.population.concentration).smoothed)
    return beliefs


def _asking(now: Round, problem: ScreeningProblem, **options: Any) -> AskingMenu:
    """The best menu, climbed to from the last one and from the menu for agents who do not err."""
    if now.last is not None and "n_options" not in options:
        options["starts"] = [*options.get("starts", ()), now.last]
        options["n_options"] = problem.n_types
    return asking_menu(problem, temperature=now.temperature, n_random=1, rng=now.rng, **options)
