"""Norms that change with the currency, the more the further it is from money: a graded suite.

In a world with a length L, a group's norm in a currency is the one it has with money with the probability
exp(-distance / L), and else a fresh draw. Assistants see a new group with money, and then have to make their first
offer in goods, time, medicine or favours: with similarity as judged, or as learned from other groups of that world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.inputs.arrays import Array
from inference.game.beliefs import (
    Integers,
    after_offer,
    drawn,
    no_evidence,
    norm_evidence,
    norm_prior,
    share_norms,
    tables_of,
)
from inference.game.currencies import (
    LENGTH,
    CurrencyKernel,
    LengthEstimate,
    carried_prior,
    currency_kernel,
    length_posterior,
    question,
)
from inference.game.mixed import offer_likelihood
from inference.social_contract.experiment import Job, Row, curve
from inference.social_contract.open_rows.recorded_tests import SPACE

if TYPE_CHECKING:
    import pandas as pd

SUITE = ("money", "goods", "time", "medicine", "favours")  # by distance from money
WORLDS = {"norms change as judged": LENGTH, "norms change sooner": LENGTH / 4}
PRIORS = ("selfish", "altruistic", None)
LENGTHS = 2.0 ** np.arange(-4, 7, 0.5)
TRUTHS = (0.5, 1.5, 4.5)
TOPS = (2, 6, 9)  # of grids of lengths, as powers of two
COST = 0.15  # share of the amount that a question costs here
SHOWN = 60  # groups that similarity is learned from
OFFERS = 10  # that a group makes in a currency
AMOUNT = 50
SHARES_ONLY = share_norms(spreads=(1.0,))
TRAINED = ("one_norm", "manners", "currency_crossval")  # recorded experiments whose users split several currencies


# ---- worlds ----


def norms_of_groups(kernel: CurrencyKernel, n_groups: int, rng: np.random.Generator) -> Integers:
    """Number of the norm that each group has in each currency of the kernel; (n_groups, n_currencies)."""
    fresh = rng.integers(SPACE.n_norms, size=(n_groups, len(kernel.names)))
    return np.where(rng.random(fresh.shape) < kernel.similarity[0], fresh[:, :1], fresh)


def offers_of(norm: Integers, rng: np.random.Generator, n_offers: int = OFFERS) -> Integers:
    """Units of 50 that groups with these norms offer, in a setting of its own; (n_groups, n_offers)."""
    tables, slip = tables_of(SPACE, [AMOUNT]), rng.integers(SPACE.n_slips, size=len(norm))
    return np.stack([drawn(tables.offers[0][:, norm, slip].T, rng) for _ in range(n_offers)], axis=1)


def evidence_of(units: Integers) -> Array:
    """Log evidence of norms; (n_groups, n_norms)."""
    tables, evidence = tables_of(SPACE, [AMOUNT]), no_evidence(SPACE, len(units))
    for column in units.T:
        evidence = after_offer(evidence, tables, AMOUNT, column)
    return norm_evidence(evidence)


def learned_in(kernel: CurrencyKernel, n_groups: int, rng: np.random.Generator) -> LengthEstimate:
    """What groups of a world, each seen with money and in one other currency, tell of the length of the kernel."""
    norms = norms_of_groups(kernel, n_groups, rng)
    other = np.arange(n_groups) % (len(kernel.names) - 1) + 1
    first, second = (evidence_of(offers_of(norms[np.arange(n_groups), k], rng)) for k in (0 * other, other))
    money, *names = kernel.names
    groups = [{money: first[other == k], name: second[other == k]} for k, name in enumerate(names, start=1)]
    return LengthEstimate(LENGTHS, length_posterior(norm_prior(SPACE), groups, LENGTHS))


def learned_from_recordings(offers: pd.DataFrame, lengths: Array) -> LengthEstimate:
    """The same from recorded users who were told the same policy in several currencies.

    A recorded run keeps to one currency, so the groups are all users of a policy in the training runs, where they
    split dollars, apples, blankets, subscriptions, and in some runs portions of medicine. Norms are told apart by
    their share alone: how exactly people keep to it, and how they round, may well differ.
    """
    chosen = offers[
        offers["experiment"].isin(TRAINED) & (offers["phase"] == "train") & (offers["manners"] == "neutral")
    ]
    chosen = chosen[chosen["proposer_policy"].notna() & chosen["to_other"].notna()]
    tables = tables_of(SHARES_ONLY, chosen["amount"].unique())
    score = offer_likelihood(
        SHARES_ONLY, tables, chosen["amount"].to_numpy(), chosen["to_other"].to_numpy(dtype=np.int64)
    )
    groups: list[Mapping[str, Array]] = []
    for _, rows in chosen.assign(row=np.arange(len(chosen))).groupby("proposer_policy"):
        parts = rows.groupby("currency")
        groups.append({str(currency): score[part["row"].to_numpy()].sum(axis=0) for currency, part in parts})
    return LengthEstimate(lengths, length_posterior(norm_prior(SHARES_ONLY), groups, lengths))


# ---- the experiment ----


def graded_jobs(offers: pd.DataFrame | None, n_runs: int) -> list[Job]:
    """Lengths recovered or not, and the first offer in every currency, for every prior and world."""
    jobs = [length_job(f"similarity learned where the length is {truth}", truth) for truth in TRUTHS]
    if offers is not None:
        jobs.append(recorded_length_job("similarity learned from recorded users", offers))
    for world, length in WORLDS.items():
        for prior in PRIORS:
            for currency in SUITE[1:]:
                condition = f"{world}: {currency}, prior {prior or 'even'}"
                jobs.append(graded_job(condition, currency, length, prior, n_runs))
    return jobs


def length_job(condition: str, truth: float) -> Job:
    """The length of a simulated world, from groups whose norms change."""

    def rows(rng: np.random.Generator) -> list[Row]:
        found = learned_in(currency_kernel(SUITE, length=truth), SHOWN, rng)
        low, high = found.interval
        length = None if found.at_bound else found.length
        more = {"true length": truth, "length": length, "from": low, "to": high, "at the bound": float(found.at_bound)}
        return [Row(condition, 0, None, None, None, None, None, SHOWN, more=more)]

    return Job(condition, rows)


def recorded_length_job(condition: str, offers: pd.DataFrame) -> Job:
    """Whether recorded users identify the length: whether it moves with the grid that is offered."""

    def rows(_: np.random.Generator) -> list[Row]:
        more: dict[str, float | None] = {"length": None}
        bound = []
        for top in TOPS:
            found = learned_from_recordings(offers, np.exp2(np.arange(-2.0, top + 1.0)))
            longest = currency_kernel(("dollars", "grams of medicine"), length=float(found.lengths[-1]))
            more[f"pull of medicine if the grid ends at 2^{top}"] = 1 - float(longest.similarity[0, 1])
            bound.append(found.at_bound)
        more["at the bound"] = float(all(bound))
        return [Row(condition, 0, None, None, None, None, None, 1, "replay", more=more)]

    return Job(condition, rows)


def graded_job(condition: str, currency: str, length: float, prior: str | None, n_runs: int) -> Job:
    """The first offer in a currency to a group seen with money: by judged and by learned similarity, and by rivals."""

    def rows(rng: np.random.Generator) -> list[Row]:
        world = currency_kernel(SUITE, length=length)
        learned = learned_in(world, SHOWN, rng)
        norms = norms_of_groups(world, n_runs, rng)
        with_money = offers_of(norms[:, 0], rng)
        users = offers_of(norms[:, SUITE.index(currency)], rng).mean(axis=1) / AMOUNT
        log_prior, seen = norm_prior(SPACE, prior), evidence_of(with_money)
        judged = currency_kernel(SUITE)
        offers, more = _first_offer(log_prior, seen, currency, judged, users, "judged")
        more["distance"] = -float(np.log(judged.similarity[0, SUITE.index(currency)])) * LENGTH
        if not learned.at_bound:
            kernel = currency_kernel(SUITE, length=learned.length)
            more |= _first_offer(log_prior, seen, currency, kernel, users, "learned")[1]
        copied = with_money[:, -1] / AMOUNT
        more["imitation, |gap|"] = float(np.abs(copied - users).mean())
        more["prior alone, |gap|"] = float(np.abs(best_offer(np.exp(log_prior)[np.newaxis]) - users).mean())
        return curve(condition, users[:, np.newaxis], offers[:, np.newaxis], imitation=copied[:, np.newaxis], more=more)

    return Job(condition, rows)


def _first_offer(
    log_prior: Array, seen: Array, currency: str, kernel: CurrencyKernel, users: Array, kind: str
) -> tuple[Array, dict[str, Any]]:
    """The best offer for each group, and how far off it is, asking nobody or where that is worth it."""
    weights = np.exp(carried_prior(log_prior, {"money": seen}, currency, kernel))
    offers = best_offer(weights)
    gap, asks = np.abs(offers - users), question(weights, SPACE).worth_asking(COST)
    found = {"|gap|": gap, "asks": asks, "loss if asking": np.where(asks, COST, gap)}
    return offers, {f"{kind}, {name}": float(value.mean()) for name, value in found.items()}


def best_offer(weights: Array) -> Array:
    """The share at the least expected distance from the norm's; (n_groups,)."""
    distance = np.abs(np.unique(SPACE.share)[:, np.newaxis] - SPACE.share)
    return np.asarray(np.unique(SPACE.share)[(weights @ distance.T).argmin(axis=-1)])


def graded_findings(rows: Sequence[Row]) -> list[str]:
    """Whether lengths are recovered; first |gap| by currency and what asking saves, at its cost."""
    found = []
    for row in rows:
        more = row.more
        if row.condition.startswith("similarity learned where"):
            length = "not identified" if more["length"] is None else f"{more['length']:.2f}"
            found.append(f"{row.condition}: {length}, from {more['from']:.2f} to {more['to']:.2f}, {row.runs} groups")
        elif row.condition.startswith("similarity learned from recorded"):
            pulls = ", ".join(f"{more[f'pull of medicine if the grid ends at 2^{top}']:.2f} (2^{top})" for top in TOPS)
            said = "not identified, the bound binds" if more["at the bound"] else "identified"
            found.append(f"{row.condition}: {said}; pull of medicine at the end of the grid: {pulls}")
        elif row.condition.split(": ")[0] in WORLDS:
            parts = []
            for kind in ("judged", "learned"):
                if f"{kind}, |gap|" in more:
                    parts.append(
                        f"{kind} {more[f'{kind}, |gap|']:.3f}, asking in {more[f'{kind}, asks']:.0%} "
                        f"{more[f'{kind}, loss if asking']:.3f}"
                    )
            rivals = f"imitation {more['imitation, |gap|']:.3f}, prior {more['prior alone, |gap|']:.3f}"
            found.append(f"{row.condition}: {'; '.join(parts)}; {rivals}, always asking {COST}")
    return found
