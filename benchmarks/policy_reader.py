"""Fits the linear model of the offline policy reader, and measures the reader on runs it has not seen.

    python -m benchmarks.policy_reader          quality, ceiling, manners
    python -m benchmarks.policy_reader --fit    also writes inference/language/policy_reader.json

The data are `principles.parquet`, tidied from the recordings of Social Contract AI (arXiv 2310.17769).
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.anchors import ANCHORS, FREE_WORDING
from benchmarks.elsewhere import DEVELOPMENT, HELD_OUT, Judged
from contracts.inputs.arrays import Array
from contracts.inputs.files import write_text
from inference.language.offline import OfflineReader
from inference.language.quality import SLACK, ReaderQuality, calibrate
from inference.language.text.features import features
from inference.language.text.linear import FILE, LinearModel, fit_linear_model
from inference.language.text.mixture import LEVELS as READING_LEVELS

PRIORS = {"selfish": 0.03, "fair": 0.5, "altruistic": 0.98}
PRIORS_COUNT = 10  # times; each ruled in more than 400 epochs
MANNERS = (
    ("You pathetic idiot, listen: ", ""),
    ("Most honourable and wonderful friend, ", ""),
    ("", " While using aggressive and demeaning language."),
    ("", " And express gratitude, humility and admiration."),
    ("Please, dear sir, ", " Thank you kindly!"),
)
FOLDS = 10


def fitted(texts: Sequence[str], shares: Array, **options: Any) -> LinearModel:
    """The model fitted on texts and on the anchors."""
    known = [(text, share) for share, many in ANCHORS.items() for text in many]
    rows = [features(text) for text in (*texts, *(text for text, _ in known))]
    return fit_linear_model(rows, np.concatenate([shares, [share for _, share in known]]), **options)


def recorded_rows(folder: Path) -> pd.DataFrame:
    """Policies that ruled an epoch, with the share then offered: one row per policy and epoch."""
    rows = pd.read_parquet(folder / "principles.parquet")
    return rows[(rows.origin == "revised") & rows.mean_share.notna()]


def distinct_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per distinct text: mean share over its epochs, and the run that first used it."""
    by_text = rows.groupby("principle", sort=False)
    return by_text.agg(share=("mean_share", "mean"), run=("run_id", "first")).reset_index()


def fold_of_run(runs: Sequence[str], seed: int) -> dict[str, int]:
    """Whole runs dealt to folds."""
    names = sorted(set(runs))
    return dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % FOLDS, strict=True))


def held_out(texts: pd.DataFrame, seed: int) -> tuple[ReaderQuality, Array]:
    """Readings of every text by readers fitted on other runs, and the predictions of a ridge on TF-IDF."""
    fold = texts.run.map(fold_of_run(texts.run, seed)).to_numpy()
    shares = texts.share.to_numpy()
    readings: list[Any] = [None] * len(texts)
    plain = np.zeros(len(texts))
    for number in range(FOLDS):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        reader = OfflineReader(fitted(texts.principle[train], shares[train]))
        for k in test:
            readings[k] = reader.read_or_abstain(texts.principle[k])
        plain[test] = ridge_on_tfidf(texts.principle[train].tolist(), shares[train], texts.principle[test].tolist())
    return ReaderQuality(tuple(readings), shares, {}), plain


def strictly_held_out(rows: pd.DataFrame, seed: int) -> ReaderQuality:
    """The same with the shares of the test runs alone, and every text of a training run left out of the test."""
    fold = rows.run_id.map(fold_of_run(rows.run_id, seed))
    readings: list[Any] = []
    shares: list[float] = []
    for number in range(FOLDS):
        train = distinct_texts(rows[fold != number])
        test = distinct_texts(rows[fold == number])
        test = test[~test.principle.isin(train.principle)]
        reader = OfflineReader(fitted(train.principle, train.share.to_numpy()))
        readings += [reader.read_or_abstain(text) for text in test.principle]
        shares += test.share.tolist()
    return ReaderQuality(tuple(readings), np.array(shares), {})


def ridge_on_tfidf(texts: list[str], shares: Array, others: list[str], penalty: float = 1.0) -> Array:
    """The baseline: ridge regression on TF-IDF of words and pairs of words, in its dual form."""
    import re
    from collections import Counter

    def terms(text: str) -> Counter[str]:
        words = re.findall(r"\w\w+", text.lower())
        return Counter(words + [f"{a} {b}" for a, b in itertools.pairwise(words)])

    counted = [terms(text) for text in texts]
    spread = Counter(name for one in counted for name in one)
    place = {name: k for k, name in enumerate(sorted(name for name in spread if spread[name] > 1))}
    rarity = np.array([np.log((1 + len(texts)) / (1 + spread[name])) + 1 for name in place])

    def matrix(many: list[Counter[str]]) -> Array:
        x = np.zeros((len(many), len(place)))
        for row, one in enumerate(many):
            for name in one.keys() & place.keys():
                x[row, place[name]] = (1 + np.log(one[name])) * rarity[place[name]]
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)

    x, z = matrix(counted), matrix([terms(text) for text in others])
    middle = x.mean(axis=0)
    x, z = x - middle, z - middle
    return shares.mean() + z @ x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), shares - shares.mean())


def ceiling(rows: pd.DataFrame) -> dict[str, float]:
    """How far the same text is followed differently: errors of the mean of its other epochs.

    Of texts that ruled in several runs; a reader that knew every text perfectly would still err by this much.
    """
    per_run = rows.groupby(["principle", "run_id"], sort=False).mean_share.mean().reset_index()
    many = per_run[per_run.groupby("principle").run_id.transform("size") > 1]
    by_text = many.groupby("principle").mean_share
    size = by_text.transform("size")
    others = (by_text.transform("sum") - many.mean_share) / (size - 1)
    error = (many.mean_share - others).abs().groupby(many.principle).mean()
    noise, spread = float(by_text.var().mean()), float(distinct_texts(rows).share.var())
    return {
        "texts": int(by_text.ngroups),
        "mean_absolute_error": float(error.mean()),
        "within_sd": float(np.sqrt(noise)),
        "r_squared": 1 - noise / spread,
    }


def manners_shift(texts: Sequence[str], reader: OfflineReader) -> Array:
    """Absolute shift of every text's share under every way of speaking, (n_texts, n_manners)."""
    plain = np.array([reader.read_or_abstain(text).share_offered for text in texts])
    spoken = [
        [reader.read_or_abstain(before + text + after).share_offered for before, after in MANNERS] for text in texts
    ]
    return np.abs(np.array(spoken) - plain[:, np.newaxis])


def fitted_on_everything(folder: Path, date: str) -> LinearModel:
    """The model that ships: every revised text, and the three sentences that users were given."""
    rows = pd.read_parquet(folder / "principles.parquet")
    texts = distinct_texts(recorded_rows(folder))
    first = rows[rows.origin == "initial"].principle.unique()
    priors = [(text, share) for text in first for kind, share in PRIORS.items() if text.startswith(f"Be {kind}")]
    known = [*zip(texts.principle, texts.share, strict=True), *(priors * PRIORS_COUNT)]
    return fitted(
        [text for text, _ in known],
        np.array([share for _, share in known]),
        provenance={
            "data": "principles.parquet, recordings of Social Contract AI (arXiv 2310.17769; MIT licence, "
            "Copyright (c) 2023 scai team): policy texts of origin revised with offers, and the three priors; "
            "benchmarks/anchors.py, short policies written for this purpose",
            "texts": len(texts) + len(priors),
            "script": "python -m benchmarks.policy_reader --fit",
            "date": date,
        },
    )


def main(write: Callable[[str], None] = print) -> None:
    """Measure, print and, where asked to, fit and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data" / "scai")
    parser.add_argument("--fit", action="store_true", help="write the model file of the package")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    options = parser.parse_args()
    if options.fit:
        model = fitted_on_everything(options.data, datetime.datetime.now(datetime.UTC).date().isoformat())
        target = Path(__file__).parent.parent / "inference" / "language" / FILE
        write_text(target, file_text(model))
        write(f"wrote {target.name}: {len(model.weights)} features, {target.stat().st_size / 1000:.0f} kB")
    rows = recorded_rows(options.data)
    texts = distinct_texts(rows)
    quality, plain = held_out(texts, options.seed)
    write(f"\nHeld-out runs, one row per distinct text\n{quality}")
    everything = calibrate_predictions(np.array([one.share_offered for one in quality.readings if one]), quality.shares)
    write(
        f"with the prior mean where it abstains: mean absolute error {everything[0]:.3f}, R squared {everything[1]:.3f}"
    )
    write(deviations(quality))
    write(reliability(quality))
    write(f"where the share falls in its own distribution, by tenths: {pit(quality, options.seed)}")
    baseline = calibrate_predictions(plain, texts.share.to_numpy())
    write(f"ridge on TF-IDF: mean absolute error {baseline[0]:.3f}, R squared {baseline[1]:.3f}")
    write(
        "\nHeld-out runs, shares of these runs alone, texts of training runs left out\n"
        f"{strictly_held_out(rows, options.seed)}"
    )
    limit = ceiling(rows)
    write(
        f"\nCeiling, from {limit['texts']} texts that ruled in several runs: mean absolute error "
        f"{limit['mean_absolute_error']:.3f}, R squared {limit['r_squared']:.3f}, sd within a text "
        f"{limit['within_sd']:.3f}"
    )
    free = calibrate(*map(list, zip(*FREE_WORDING, strict=True)))
    constant = np.abs(free.shares - free.shares.mean()).mean()
    write(f"\nShort policies in free wording (mean absolute error of a constant: {constant:.3f})\n{free}")
    write(elsewhere(DEVELOPMENT, "Texts from elsewhere, half of them looked at while the reader was written"))
    write(elsewhere(HELD_OUT, "Texts from elsewhere, the other half"))
    shift = manners_shift(texts.principle.tolist(), OfflineReader())
    write(f"\nRude and flattering wording: mean shift {shift.mean():.4f}, largest {shift.max():.4f}")


def elsewhere(judged: Sequence[Judged], title: str) -> str:
    """How the shipped reader does on texts of other styles, by kind, and how many without a split it refuses."""
    reader = OfflineReader()
    lines = [f"\n{title}", f"{'kind':10} texts  read  mean abs. error  surely wrong"]
    for kind in dict.fromkeys(one.kind for one in judged if one.share is not None):
        texts, shares = zip(*((one.text, one.share) for one in judged if one.kind == kind), strict=True)
        part = calibrate(list(texts), shares, reader)
        wrong = len(part.confident_errors)
        lines.append(f"{kind:10} {len(texts):5d} {len(part.read):5d} {part.mean_absolute_error:16.3f} {wrong:13d}")
    texts, shares = zip(*((one.text, one.share) for one in judged if one.share is not None), strict=True)
    quality = calibrate(list(texts), shares, reader)
    foreign = [reader.read_or_abstain(one.text).abstained for one in judged if one.share is None]
    lines.append(f"no split: {sum(foreign)} of {len(foreign)} refused")
    return "\n".join([*lines, str(quality), reliability(quality)])


def reliability(quality: ReaderQuality) -> str:
    """Error and coverage by bands of the deviation, and readings that are surely wrong."""
    lines = ["   sd between     texts  mean sd  error  in 50 %  in 90 %"]
    lines += [
        f"{band.low:6.2f} and {band.high:4.2f} {band.texts:8d} {band.sd:8.3f} {band.error:6.3f} {band.half:8.2f} "
        f"{band.nine_tenths:8.2f}"
        for band in quality.reliability()
    ]
    return "\n".join([*lines, f"surely wrong (error above .3 at an sd below .1): {len(quality.confident_errors)}"])


def deviations(quality: ReaderQuality) -> str:
    """Root mean square error in fifths of the texts by the sd that was read."""
    sd = np.array([quality.readings[k].share_sd for k in quality.read])  # type: ignore[union-attr]
    lines = ["      sd read   error (root mean square)"]
    lines += [
        f"{sd[part].mean():13.3f}   {np.sqrt((quality.error[part] ** 2).mean()):.3f}"
        for part in np.array_split(np.argsort(sd), 5)
    ]
    return "\n".join(lines)


def pit(quality: ReaderQuality, seed: int) -> str:
    """Part of the texts whose share lies in each tenth of the distribution that was read; .1 each if that is right.

    A share that the distribution gives a mass of its own falls anywhere in that mass, by chance (randomised PIT).
    """
    rng = np.random.default_rng(seed)
    places = []
    for k in quality.read:
        quantiles = np.array(quality.readings[k].quantiles)  # type: ignore[union-attr]
        low, high = (np.interp(quality.shares[k] + edge, quantiles, READING_LEVELS) for edge in (-SLACK, SLACK))
        places.append(rng.uniform(low, high))
    return " ".join(f"{part:.2f}" for part in np.histogram(places, 10, (0, 1))[0] / len(places))


def calibrate_predictions(predicted: Array, shares: Array) -> tuple[float, float]:
    """Mean absolute error and R squared of plain predictions."""
    error = predicted - shares
    return float(np.abs(error).mean()), float(1 - (error**2).sum() / ((shares - shares.mean()) ** 2).sum())


def file_text(model: LinearModel) -> str:
    """The model as the package keeps it: one feature per line, so that a new fit can be compared line by line."""
    record = model.to_dict()
    weights = record.pop("weights")
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in weights.items())
    return json.dumps(record, indent=1)[:-2] + f',\n "weights": {{\n{lines}\n}}\n}}\n'


if __name__ == "__main__":
    main()
