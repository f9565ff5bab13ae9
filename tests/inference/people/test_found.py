"""Groups that are in the answers are found; groups that are not are not claimed."""

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment
from scipy.stats import multinomial

from contracts.errors import ProblemError
from inference import FoundGroups, SurveyAnswers, compare_found_groups
from inference.people.found import Classes, assigner, fit_classes, indicators, k_means
from inference.people.judging import Panel, welfare

CHANCES = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.25, 0.5, 0.25]])  # of -1, 0 and 1, by class


def society(rng, n_people=600, n_items=12, missing=0.15):
    """Three classes, each with the same chances on a third of the items, in turn."""
    group = rng.integers(3, size=n_people)
    by_item = CHANCES[(group[:, np.newaxis] + np.arange(n_items) % 3) % 3]
    answers = (rng.random((n_people, n_items, 1)) > by_item.cumsum(axis=2)).sum(axis=2) - 1.0
    answers[rng.random(answers.shape) < missing] = np.nan
    return group, answers


def agreement(group, found):
    """Share of people whose groups agree, under the names for the found ones that suit best."""
    table = np.array([[np.mean((group == g) & (found == f)) for f in range(3)] for g in range(3)])
    rows, columns = linear_sum_assignment(-table)
    return table[rows, columns].sum()


@pytest.mark.parametrize("method", ["latent classes", "k-means"])
def test_groups_are_found_again_in_people_never_seen(method):
    rng = np.random.default_rng(1)
    _, learned = society(rng)
    group, held = society(rng)
    tell = assigner(Panel.of(learned, balanced=False), FoundGroups(3, method), rng=rng)
    assert agreement(group, tell(Panel.of(held, balanced=False))) > 0.85


def test_likelihood_is_that_of_the_mixture():
    rng = np.random.default_rng(2)
    _, answers = society(rng, n_people=40, n_items=4)
    shown = indicators(Panel.of(answers, balanced=False), np.array([-1.0, 0.0, 1.0]))
    fitted = fit_classes(shown, 3, 2, rng=rng, n_starts=3)
    chances = np.exp(fitted.log_chances).reshape(2, 4, 3)
    np.testing.assert_allclose(chances.sum(axis=2), 1.0)
    expected = np.zeros((40, 2))
    for person, said in enumerate(answers):
        for k in range(2):
            expected[person, k] = fitted.log_shares[k] + sum(
                multinomial.logpmf(said[j] == np.array([-1, 0, 1]), 1, chances[k, j])
                for j in range(4)
                if not np.isnan(said[j])
            )
    np.testing.assert_allclose(fitted.joint(shown), expected)


def test_the_density_is_no_lower_anywhere_near():
    rng = np.random.default_rng(3)
    _, answers = society(rng, n_people=200, n_items=6)
    shown = indicators(Panel.of(answers, balanced=False), np.array([-1.0, 0.0, 1.0]))
    fitted = fit_classes(shown, 3, 2, rng=rng, n_starts=5)
    everybody = shown.sum(axis=0).reshape(-1, 3) + 1.0
    prior = everybody / everybody.sum(axis=1, keepdims=True)

    def density(found):
        chances = found.log_chances.reshape(2, 6, 3)
        return np.logaddexp.reduce(found.joint(shown), axis=1).sum() + (prior * chances).sum() + found.log_shares.sum()

    def normal(logs, parts):
        cut = logs.reshape(-1, parts)
        return (cut - np.log(np.exp(cut).sum(axis=1, keepdims=True))).reshape(logs.shape)

    for _ in range(50):
        moved = Classes(
            normal(fitted.log_shares + 0.05 * rng.normal(size=2), 2),
            normal(fitted.log_chances + 0.05 * rng.normal(size=(2, 18)), 3),
        )
        assert density(moved) < density(fitted)


def test_k_means_leave_no_more_variance_than_those_of_scipy():
    rng = np.random.default_rng(4)
    _, answers = society(rng, missing=0.0)
    panel = Panel.of(answers, balanced=False)
    ours = welfare(panel, k_means(panel, 3, rng=rng, n_starts=5)).max(axis=1).mean()
    theirs = max(
        welfare(panel, kmeans2(answers, 3, minit="++", rng=np.random.default_rng(k))[0]).max(axis=1).mean()
        for k in range(5)
    )
    assert ours >= theirs - 1e-3


def test_the_number_of_classes_is_found_and_none_where_there_are_none():
    rng = np.random.default_rng(5)
    _, answers = society(rng)
    scores = compare_found_groups(SurveyAnswers(answers), (1, 2, 3, 4, 5), rng=rng)
    assert scores.fewest == 3
    alone = rng.integers(-1, 2, size=(400, 8)).astype(float)
    scores = compare_found_groups(SurveyAnswers(alone), (1, 2, 3), rng=rng)
    assert scores.best == 1
    assert len(scores.to_frame()) == 3
    assert "predicted best by 1" in str(scores)


def test_what_cannot_be_fitted_is_refused():
    rng = np.random.default_rng(6)
    survey = SurveyAnswers(rng.normal(size=(20, 5)))
    with pytest.raises(ProblemError, match="use k-means"):
        compare_found_groups(survey, rng=rng)
    rounded = SurveyAnswers(rng.integers(2, size=(20, 5)))
    with pytest.raises(ProblemError, match="n_folds"):
        compare_found_groups(rounded, rng=rng, n_folds=1)
    with pytest.raises(ProblemError, match="n_groups"):
        compare_found_groups(rounded, (), rng=rng)
