"""Beliefs as pictures: what is drawn is what is believed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from contracts import ProblemError
from contracts.display.palette import PALETTE
from inference import ChoiceCounts, Logit, calibration, infer_types
from inference.types.picture import CORNERS, plot_calibration, plot_population, plot_posterior
from tests.inference.populations import revealing_offer, simulated


def axes():
    return Figure().subplots()


def learned(n_types, n_users, n_rounds=3, seed=0):
    rng = np.random.default_rng(seed)
    offer, model = revealing_offer(n_types), Logit(0.5)
    choices = simulated(offer, model, rng.integers(0, n_types, n_users), n_rounds, rng)
    return infer_types(offer, choices, choice_model=model)


def test_two_types_are_bars_as_long_as_the_second_is_probable():
    posterior = learned(2, 5)
    ax = posterior.plot(axes())
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], posterior.probabilities[:, 1])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1", "2", "3", "4"]
    assert ax.get_xlabel() == "probability of 'middle'"
    assert ax.lines[0].get_xdata()[0] == posterior.prior[1]
    assert ax.get_title() == "5 users, 15 choices"


def test_many_users_of_two_types_are_one_sorted_curve():
    posterior = learned(2, 200)
    ax = plot_posterior(posterior, axes())
    drawn = ax.collections[0].get_paths()[0].vertices[:, 0]
    assert set(np.round(posterior.probabilities[:, 1], 9)) <= set(np.round(drawn, 9))
    assert ax.get_ylabel() == "share of users, least probable first"


def test_three_types_are_points_in_a_triangle():
    posterior = learned(3, 6)
    ax = plot_posterior(posterior, axes())
    points = ax.collections[0]
    np.testing.assert_allclose(points.get_offsets(), posterior.probabilities @ CORNERS)
    colours = points.get_facecolors()[:, :3]
    from matplotlib.colors import to_rgb

    np.testing.assert_allclose(colours, [to_rgb(PALETTE[k]) for k in posterior.probabilities.argmax(axis=1)])
    words = [text.get_text() for text in ax.texts]
    assert words[:3] == ["low", "middle", "high"]
    assert sorted(", ".join(words[3:]).split(", ")) == [str(k) for k in range(6)]


def test_users_who_chose_alike_share_a_name_tag():
    posterior = infer_types(revealing_offer(3), [[0], [1], [0], [0], [0]], choice_model=Logit(0.5))
    ax = plot_posterior(posterior, axes())
    assert [text.get_text() for text in ax.texts][3:] == ["0, 2, 3, +1", "1"]


def test_the_certain_stand_in_their_corner():
    posterior = infer_types(revealing_offer(3), ChoiceCounts(1000 * np.eye(3, 4, dtype=int)), choice_model=Logit(0.5))
    np.testing.assert_allclose(plot_posterior(posterior, axes()).collections[0].get_offsets(), CORNERS, atol=1e-9)


@pytest.mark.parametrize("n_users", [4, 60])
def test_more_types_are_a_table_of_shades(n_users):
    posterior = learned(5, n_users)
    ax = plot_posterior(posterior, axes())
    shades = np.asarray(ax.images[0].get_array())
    if n_users == 4:
        np.testing.assert_array_equal(shades, posterior.probabilities)
        assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1", "2", "3"]
    else:
        assert (np.diff(shades.argmax(axis=1)) >= 0).all()  # sorted by the most probable type
        assert sorted(map(tuple, shades)) == sorted(map(tuple, posterior.probabilities))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2", "3", "4"]


def test_population_weights_are_drawn_with_their_bands():
    rng = np.random.default_rng(0)
    posteriors = [learned(2, 30, n_rounds=n) for n in (1, 5, 20)]
    draws = [posterior.population.gibbs(rng=rng, n_draws=100, n_chains=2) for posterior in posteriors]
    ax = plot_population(draws, [1, 5, 20], axes(), level=0.8)
    for k in range(2):
        np.testing.assert_array_equal(ax.lines[k].get_xdata(), [1, 5, 20])
        np.testing.assert_allclose(ax.lines[k].get_ydata(), [one.mean[k] for one in draws])
        edges = ax.collections[k].get_paths()[0].vertices
        for time, one in zip((1, 5, 20), draws, strict=True):
            low, high = one.interval(0.8)[k]
            heights = edges[edges[:, 0] == time][:, 1]
            assert (heights.min(), heights.max()) == pytest.approx((low, high))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["low", "middle"]
    assert ax.get_ylabel() == "population weight, 80% credible"


def test_calibration_is_drawn_against_the_diagonal():
    rng = np.random.default_rng(1)
    p = rng.random(5000)
    checked = calibration(p, rng.random(5000) < p)
    ax = plot_calibration(checked, axes())
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), np.column_stack([checked.predicted, checked.frequency]))
    bars = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(bars[:, :, 1], np.column_stack([checked.lower, checked.upper]), atol=1e-12)
    assert checked.plot(axes()).get_xlabel() == "predicted probability"


def test_new_axes_are_made_when_none_are_given():
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    ax = plot_posterior(learned(2, 2))
    assert len(ax.patches) == 2
    plt.close(ax.figure)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda draws: plot_population([]), "rounds has shape (0,) for 0 draws: give at least one"),
        (lambda draws: plot_population([draws], [1, 2]), "rounds has shape (2,) for 1 draws"),
        (lambda draws: plot_population([draws, learned(3, 2).population.gibbs(
            rng=np.random.default_rng(0), n_draws=4)]),
         "draws are about different types"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(make, words):
    draws = learned(2, 2).population.gibbs(rng=np.random.default_rng(0), n_draws=4)
    with pytest.raises(ProblemError) as caught:
        make(draws)
    assert words in str(caught.value)
