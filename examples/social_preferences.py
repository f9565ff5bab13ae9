"""Three types of social preference among 160 people, estimated beside the published table.

Run with `python examples/social_preferences.py`, or with `--counts` to compare one to six types. Data: Bruhin, Fehr &
Schunk (2019), "The Many Faces of Human Sociality", Journal of the European Economic Association 17(4): 117 choices of
everybody between two splits of money.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import inference

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "social_preferences"
PARAMETERS = ("alpha", "beta", "gamma", "delta", "sigma")
PUBLISHED = {  # Table 2, session 1: share, then the parameters
    "moderately altruistic": (0.474, 0.065, 0.130, -0.001, -0.027, 0.032),
    "strongly altruistic": (0.405, 0.159, 0.463, 0.151, -0.054, 0.018),
    "behindness averse": (0.121, -0.435, -0.145, 0.171, -0.075, 0.008),
}
PUBLISHED_ONE = (0.083, 0.261, 0.072, -0.042, 0.016)  # Table 1
LOG_LIKELIHOODS = {1: -5472.31, 3: -4202.71}


def load(folder: Path = FOLDER) -> inference.ChoiceData:
    """The choices of those whom the paper keeps, in attributes that make utility linear.

    Utility is sigma [(1 - w) self + w other] with w = alpha s + beta r + gamma q + delta v, where s and r say that one
    is behind or ahead, q and v that the other was kind or unkind. So it is linear in self and in the gap
    other - self times each of s, r, q, v, with coefficients sigma, sigma alpha, ..., sigma delta.
    """
    choices = pd.read_parquet(folder / "choices_session1.parquet")
    dropped = pd.read_csv(folder / "dropped_subjects.csv", header=None)[0]
    choices = choices[~choices["sid"].isin(dropped)]
    options = []
    for side in "xy":
        own, gap = choices[f"self_{side}"], choices[f"other_{side}"] - choices[f"self_{side}"]
        shifts = (choices[f"s_{side}"], choices[f"r_{side}"], choices["q"], choices["v"])
        options.append(np.column_stack([own, *(gap * shift for shift in shifts)]))
    return inference.ChoiceData(
        np.stack(options, axis=1),
        np.where(choices["choice_x"] == 1, 0, 1),
        choices["sid"].to_numpy(),
        names=["self", "gap behind", "gap ahead", "gap if kind", "gap if unkind"],
    )


def preferences(types: inference.LatentTypes) -> inference.Estimates:
    """alpha, beta, gamma, delta and sigma of every type, with standard errors by the delta method."""
    return types.transformed(lambda b: np.append(b[1:] / b[0], b[0]), PARAMETERS)


def line(name: str, values: tuple[float, ...]) -> str:
    """One row of the table."""
    return f"{name:<24}" + "".join(f"{value + 0.0:>9.3f}" for value in np.round(values, 3))


def table(types: inference.LatentTypes) -> list[str]:
    """Estimates, their standard errors, and what was published, type by type."""
    found = preferences(types)
    published = {"everybody": (1.0, *PUBLISHED_ONE)} if types.n_types == 1 else PUBLISHED
    lines = [f"{'':<24}" + "".join(f"{name:>9}" for name in ("share", *PARAMETERS))]
    for k, (name, values) in enumerate(published.items()):
        lines.append(line(name, (types.weights[k], *found.values[k])))
        lines.append(line("  standard error", (types.weight_standard_errors[k], *found.standard_errors[k])))
        lines.append(line("  published", values))
    return lines


def estimates(data: inference.ChoiceData) -> None:
    """Estimate one type and three, and print them beside the paper's."""
    for n_types, published in LOG_LIKELIHOODS.items():
        types = inference.fit_latent_types(data, n_types, rng=np.random.default_rng(2019))
        print(f"\nlog likelihood {types.log_likelihood:.2f}, published {published:.2f}", end="")
        print(f"; {types.convergence.n_reached} of {types.convergence.n_starts} starts end there")
        print("\n".join(table(types)))
    sure = (types.probabilities.max(axis=1) > 0.95).mean()
    print(f"\n{sure:.0%} of people are of one type with a probability above 0.95")


def counts(data: inference.ChoiceData) -> None:
    """Compare one to six types; ask what half of somebody's choices says about the other half."""
    rng = np.random.default_rng(2019)
    print(inference.compare_type_counts(data, range(1, 7), rng=rng, n_folds=10, progress=True))
    shuffled = data.of_observations(rng.permutation(data.n_obs))
    for order, choices in {"in the order of the experiment": data, "at random": shuffled}.items():
        found = inference.cross_validate(choices, 3, rng=rng, n_folds=10)
        print(f"three types, halves {order}: the first half adds {found.learned:+.2f} nats per person to the second")


def main() -> None:
    """Print what was asked for."""
    arguments = sys.argv[1:]
    folder = next((Path(argument) for argument in arguments if argument != "--counts"), FOLDER)
    if not folder.exists():
        print(f"{folder} is not here: nothing to estimate")
        return
    data = load(folder)
    print(data)
    (counts if "--counts" in arguments else estimates)(data)


if __name__ == "__main__":
    main()
