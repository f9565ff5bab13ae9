"""Whether predicted probabilities come true: shares by hand, published intervals, predictions of choices."""

import numpy as np
import pytest

from contracts import ProblemError
from inference import Logit, calibration, infer_types
from tests.inference.populations import revealing_offer, simulated


def test_bins_hold_means_shares_and_counts():
    checked = calibration([[0.05, 0.15, 0.95], [0.08, 0.12, 1.0]], [[0, 1, 1], [0, 0, 1]])
    np.testing.assert_allclose(checked.predicted, [0.065, 0.135, 0.975])
    np.testing.assert_allclose(checked.frequency, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(checked.n_predictions, [2, 2, 2])
    assert checked.error == pytest.approx((0.065 + 0.365 + 0.025) / 3)
    assert checked.to_frame()["count"].tolist() == [2, 2, 2]


def test_intervals_are_wilsons():
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81/263, 15/148, 0/20, 1/29."""
    for successes, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
                                    (1, 29, 0.0061, 0.1718)):  # fmt: skip
        checked = calibration(np.full(n, 0.5), np.arange(n) < successes)
        assert (round(float(checked.lower[0]), 4), round(float(checked.upper[0]), 4)) == (low, high)


def test_predicted_choices_come_true():
    rng = np.random.default_rng(2)
    offer, model, prior = revealing_offer(3), Logit(0.7), np.array([0.5, 0.3, 0.2])
    types = rng.choice(3, 20_000, p=prior)
    posterior = infer_types(offer, simulated(offer, model, types, 4, rng), prior, model)
    following = simulated(offer, model, types, 1, rng)[:, 0]
    checked = calibration(posterior.predict(offer), np.eye(4)[following])  # -1 is the outside option, last
    assert checked.error < 0.01
    inside = (checked.lower <= checked.predicted) & (checked.predicted <= checked.upper)
    assert inside.mean() >= 0.8


def test_predictions_under_a_wrong_temperature_do_not_come_true():
    rng = np.random.default_rng(2)
    offer = revealing_offer(3)
    types = rng.integers(0, 3, 5000)
    posterior = infer_types(offer, simulated(offer, Logit(0.7), types, 4, rng), choice_model=Logit(0.1))
    following = simulated(offer, Logit(0.7), types, 1, rng)[:, 0]
    assert calibration(posterior.predict(offer), np.eye(4)[following]).error > 0.05


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: calibration([0.5], [0, 1]), "probabilities has shape (1,), happened (2,)"),
        (lambda: calibration([], []), "expected one shape, not empty"),
        (lambda: calibration([1.5], [1]), "probabilities must lie between 0 and 1"),
        (lambda: calibration([0.5], [0.5]), "happened must be 0 or 1"),
        (lambda: calibration([0.5], [1], n_bins=0), "n_bins is 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make, words):
    with pytest.raises(ProblemError) as caught:
        make()
    assert words in str(caught.value)
