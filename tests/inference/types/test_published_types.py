"""Known types on real choices: the three social preferences of Bruhin, Fehr & Schunk (2019), Table 2, session 1.

With the published parameters as types and the published shares as prior, the log evidence is the published log
likelihood, and EM finds the published shares again, but for parameters printed with three digits.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from inference import ChoiceSet, Logit, infer_types

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "social_preferences"
LABELS = ("strongly altruistic", "moderately altruistic", "behindness averse")
SHARES = np.array([0.405, 0.474, 0.121])
TASTES = np.array([[0.159, 0.463, 0.151, -0.054], [0.065, 0.130, -0.001, -0.027], [-0.435, -0.145, 0.171, -0.075]])
SENSITIVITY = np.array([0.018, 0.032, 0.008])
LOG_LIKELIHOOD = -4202.71
PRINTED = 1.0  # nats: parameters have three digits in print, some of them two that count; no better fit than the best

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"needs the published choices in {DATA}")


@pytest.fixture(scope="module")
def posterior():
    table = pd.read_parquet(DATA / "choices_session1.parquet")
    table = table[~table["sid"].isin(dropped())]
    return infer_types(
        {str(game): choice_between(rows.iloc[0]) for game, rows in table.groupby(KEYS)},
        {
            "user": table["sid"].to_numpy(),
            "option": np.where(table["choice_x"] == 1, 0, -1),
            "menu": np.array([str(tuple(row)) for row in table[KEYS].itertuples(index=False)]),
        },
        SHARES,
        Logit(1.0),
    )


KEYS = ["self_x", "other_x", "self_y", "other_y", "q", "v", "s_x", "r_x", "s_y", "r_y"]


def dropped():
    words = (DATA / "dropped_subjects.csv").read_text().split()
    return [int(word) for word in words if word.isdigit()]


def choice_between(game):
    """Option X, and Y as the one that is left; utilities in units of each type's noise."""
    worth = []
    for side in "xy":
        regard = TASTES @ np.array([game[f"s_{side}"], game[f"r_{side}"], game["q"], game["v"]])
        worth.append(SENSITIVITY * ((1 - regard) * game[f"self_{side}"] + regard * game[f"other_{side}"]))
    utility = np.column_stack(worth)
    return ChoiceSet(utility, np.zeros_like(utility), LABELS)


def test_the_log_evidence_is_the_published_log_likelihood(posterior):
    assert (len(posterior.users), int(posterior.n_choices.sum())) == (160, 18_720)
    assert LOG_LIKELIHOOD - PRINTED < posterior.log_evidence < LOG_LIKELIHOOD


def test_em_finds_the_published_shares(posterior):
    np.testing.assert_allclose(posterior.population.weights, SHARES, atol=0.005)
    draws = posterior.population.gibbs(rng=np.random.default_rng(0), n_draws=500)
    low, high = draws.interval(0.95).T
    assert ((low < SHARES) & (high > SHARES)).all()


def test_nine_in_ten_are_clearly_of_one_type(posterior):
    """As the paper finds, posteriors of individuals are near 0 or 1; and the types are told apart by these games."""
    assert (posterior.probabilities.max(axis=1) > 0.9).mean() > 0.9
    assert posterior.identification().pairs == ()


def test_few_are_explained_by_no_type(posterior):
    misfit = posterior.misfit(rng=np.random.default_rng(0))
    assert 0 < len(misfit.flagged()) < 16
