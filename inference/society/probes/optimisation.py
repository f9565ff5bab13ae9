"""Over-optimisation: what a mechanism's own reward says, and what people get, as policies may leave the reference.

A mechanism optimises the reward that it was told, its **proxy**, and may go as far from the reference as a budget of
Kullback-Leibler divergence allows. Pressure is the temperature of the mechanism, from soft to nearly none, and every
mechanism is read where the policies meant for the types are at the budget, or, if nothing is left to gain by the proxy,
where it stops below. Rewards are above the reference and net of the safety cost, and the proxy counts what is meant for
everybody, the truth what everybody takes.

References
----------
Gao, Schulman & Hilton (2023), Scaling laws for reward model overoptimization, ICML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import rel_entr

from contracts.display.table import Column, Table, Tabular
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.society.evaluation import Truth, delivered
from inference.society.mechanisms import MECHANISMS, Indices, Offer, Signal
from inference.society.probes.levels import KINDS, levels, place_of
from inference.society.probes.shrinkage import shrunk
from inference.society.scenarios import PLAIN, Communities, noise_of, noisy_signal

BUDGETS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0)  # nats; log 8 = 2.08 is as far as a policy can be from eight even ones
PRESSURES = tuple(2.0 ** -np.arange(-3.0, 8.0))  # of the temperature, from eight times to 1/128


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Overoptimisation(Tabular):
    """Proxy and truth by noise, kind of signal ("as told", "shrunk"), mechanism and budget, for n societies.

    Attributes
    ----------
    noises : levels of noise, standard deviations of the signal
    budgets : nats of divergence from the reference
    proxy, truth : (n, n_noises, 2, n_mechanisms, n_budgets), logits above the reference, net of the safety cost
    """

    noises: tuple[float, ...]
    budgets: tuple[float, ...]
    proxy: Array
    truth: Array

    def missing(self, mechanism: str, *, noise: float, kind: str = "as told") -> Array:
        """What is promised less what is delivered; (n, n_budgets)."""
        promised, given = (self.of(what, mechanism, noise=noise, kind=kind) for what in ("proxy", "truth"))
        return promised - given

    def of(self, what: str, mechanism: str, *, noise: float, kind: str = "as told") -> Array:
        """Either "proxy" or "truth"; (n, n_budgets)."""
        values = (self.proxy, self.truth)[place_of("what", what, ("proxy", "truth"))]
        level, used = place_of("noise", noise, self.noises), place_of("kind", kind, KINDS)
        return values[:, level, used, place_of("mechanism", mechanism, list(MECHANISMS))]

    def _table(self) -> Table:
        rows = [
            (noise, kind, name)
            for noise in range(len(self.noises))
            for kind in (0, 1)
            for name in range(len(MECHANISMS))
        ]
        names = list(MECHANISMS)
        columns = [
            Column("noise", [self.noises[noise] for noise, _, _ in rows], "g"),
            Column("signal", [KINDS[kind] for _, kind, _ in rows]),
            Column("", [names[name] for _, _, name in rows]),
        ]
        for what, values in (("proxy", self.proxy), ("truth", self.truth)):
            for number, budget in enumerate(self.budgets):
                means = [values[:, noise, kind, name, number].mean() for noise, kind, name in rows]
                columns.append(Column(f"{what} {budget:g}", means, ".3f", f"{budget:g}", over=what))
        return Table(columns, "Over-optimisation: logits above the reference by budget, nats of divergence")


@checked
def overoptimisation(
    asked: Communities, *, noises: Sequence[float] = (0.0, 0.2, 0.5), budgets: Sequence[float] = BUDGETS
) -> Overoptimisation:
    """Let every mechanism optimise what it was told, and what it makes of it knowing the noise, to every budget.

    Parameters
    ----------
    noises : levels of independent noise on every group's signal, in its standard deviations
    budgets : nats, ascending
    """
    noises, budgets = levels("noises", noises), levels("budgets", budgets)
    truth, seen = Truth.of(asked.worlds), asked.told[0].type_of_group
    eps = noise_of(PLAIN, asked)
    shape = (len(asked.worlds), len(noises), len(KINDS), len(MECHANISMS), len(budgets))
    proxy, real = np.empty(shape), np.empty(shape)
    for level, noise in enumerate(noises):
        signal = noisy_signal(asked.worlds, asked.told, eps, noise, PLAIN)
        for kind, used in enumerate((signal, shrunk(signal))):
            for number, mechanism in enumerate(MECHANISMS.values()):
                pressed = [mechanism(replace(used, temperature=used.temperature * factor)) for factor in PRESSURES]
                curves = np.array([values(truth, offer, used, seen) for offer in pressed])  # (pressures, 3, n)
                for one in range(len(asked.worlds)):
                    spent, promised, given = curves[:, :, one].T
                    spent = np.maximum.accumulate(spent)
                    at = level, kind, number
                    proxy[one, *at] = np.interp(budgets, spent, promised)
                    real[one, *at] = np.interp(budgets, spent, given)
    return Overoptimisation(noises, budgets, proxy, real)


def values(truth: Truth, offer: Offer, signal: Signal, type_of_group: Indices) -> tuple[Array, Array, Array]:
    """Divergence of what is meant from the reference, what it promises, and what is delivered; all (n,)."""
    meant = offer.policies[:, offer.meant_for]  # (n, n_types, n_policies)
    reference = signal.reference[:, np.newaxis]
    spent = np.einsum("nt,nt->n", signal.weights, rel_entr(meant, reference).sum(axis=2))
    net = offer.promised - signal.safety_cost[:, np.newaxis]
    promised = np.einsum("nt,ntk,ntk->n", signal.weights, net, meant - reference)
    chance = delivered(truth, offer, type_of_group)
    taken = np.einsum("ngmo,nok->ngmk", chance, offer.policies) - truth.reference[:, np.newaxis, np.newaxis]
    worth = truth.members - truth.safety_cost[:, np.newaxis, np.newaxis]
    return spent, promised, truth.mean(np.einsum("ngmk,ngmk->ngm", worth, taken))


def from_measured(noises: Sequence[float], found: Mapping[str, Array]) -> Overoptimisation:
    """Put together what was kept."""
    return Overoptimisation(tuple(noises), BUDGETS, found["proxy"], found["truth"])
