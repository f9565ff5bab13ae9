"""The simulated likelihood of a distribution of tastes, and its score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from contracts.inputs.arrays import Array
from inference.logit.panel import Panel, choice_shares, score_of
from inference.tastes.distribution import TasteDistribution, from_utility, in_utility, slopes_of
from inference.tastes.layout import Layout


def scores_of(panel: Panel, normals: Array, layout: Layout, weight: Array) -> Callable[[Array], tuple[Array, Array]]:
    """From parameters to the weighted log likelihood of each person, (n_people,), and its score.

    Parameters
    ----------
    normals : (n_people, n_draws, n_attributes)
    weight : (n_people,)
    """

    def scores(parameters: Array) -> tuple[Array, Array]:
        value, score = person_scores(panel, layout, layout.tastes(parameters), normals)
        return value * weight, score * weight[:, np.newaxis]

    return scores


def person_scores(panel: Panel, layout: Layout, tastes: TasteDistribution, normals: Array) -> tuple[Array, Array]:
    """Log likelihood, (n_people,), and score in the parameters, (n_people, n_parameters).

    With weights w_r = L_r / sum L_r over the draws, the score is sum_r w_r (dlog L_r / db) (db / dparameter). A taste
    moves with its location; with factor[k, l] its deviation moves by z_l and its spread by factor[k, l] / spread. Some
    people at a time, so that all that is known of them stays in the cache.
    """
    rows, columns = layout.rows, layout.columns
    with np.errstate(invalid="ignore"):
        direction = np.nan_to_num(tastes.factor[rows, columns] / tastes.spread[rows])
    value = np.empty(panel.n_people)
    score = np.empty((panel.n_people, layout.n_parameters))
    for block in panel.blocks:
        z = normals[block.people]
        drawn = slopes_of(tastes, z)
        by_draw, share = choice_shares(block, in_utility(drawn.tastes, tastes.price))
        slope = score_of(block, share)
        peak = by_draw.max(axis=1, keepdims=True)
        by_draw -= peak
        np.exp(by_draw, out=by_draw)
        total = by_draw.sum(axis=1, keepdims=True)
        value[block.people] = (peak + np.log(total / normals.shape[1]))[:, 0]
        by_draw /= total
        slope *= by_draw[:, :, np.newaxis]
        slope = from_utility(slope, drawn.tastes, tastes.price)
        location = slope.sum(axis=1)
        spread = np.zeros_like(location)
        for k, factor in drawn.in_location.items():
            location[:, k] = (slope[:, :, k] * factor).sum(axis=1)
            spread[:, k] = (slope[:, :, k] * drawn.in_spread[k]).sum(axis=1)
            slope[:, :, k] *= drawn.in_deviation[k]
        deviation = slope.transpose(0, 2, 1) @ z
        score[block.people] = layout.of(location, deviation[:, rows, columns] + spread[:, rows] * direction)
    return value, score
