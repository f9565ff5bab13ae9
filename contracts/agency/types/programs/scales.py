"""Promised utilities in units that a solver likes, and what they cost as the highest of some tangents.

A utility is v = anchor + step x after each outcome: from its limit if it has one, in steps that are larger the rarer
the outcome is. Its cost h(v) is convex, so it is at least each of its tangents h(v_k) + h'(v_k) (v - v_k): linear
programs with ever more of them end where one touches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.agency.types.problem import AgencyProblem
from contracts.agency.utility import RiskNeutral
from contracts.agency.verify import first_best_cost
from contracts.inputs.arrays import Array

FAR = 1e4  # times the money at stake beyond which a limit is left out at first, as a program that knows it may pay it
STARTS = 9  # tangents at first
APART = 50.0  # ratio of the slopes of the first tangents to those of the first best, on either side
STEEPER = 100.0  # times the steepest slope so far that a new tangent may have
NEAR = 1e-9  # share of a level that utilities keep from an end that no wage reaches


class Tangents(NamedTuple):
    """Points at which costs are touched; (n,) all."""

    utility: Array
    cost: Array
    slope: Array


class Scales:
    """Units of a problem's utilities and costs."""

    def __init__(self, problem: AgencyProblem, *, whole: bool = False) -> None:
        self.problem, self.is_linear = problem, isinstance(problem.utility, RiskNeutral)
        self.level = problem.effort_cost + problem.reservation_utility[:, np.newaxis]
        effort, largest = problem.effort_cost, float(np.abs(self.level).max())
        self.unit = max(float(np.ptp(effort)), 1e-3 * largest) or float(np.ptp(problem.output)) or 1.0
        low, high = problem.utility_limits
        self.is_cut = False  # whether limits far away are left out
        if self.is_linear and not whole:
            reach = FAR * (largest + float(np.ptp(effort)) + float(np.ptp(problem.output)) or 1.0)
            far = (low < -reach) & np.isfinite(low), (high > reach) & np.isfinite(high)
            self.is_cut = bool(np.any(far))
            low, high = np.where(far[0], -np.inf, low), np.where(far[1], np.inf, high)
        if not self.is_linear:
            end = problem.utility.span[1]
            high = np.where(high >= end, end - NEAR * max(abs(end), largest), high) if np.isfinite(end) else high
        most = problem.outcome_probabilities.max(axis=(0, 1))
        sign = np.where(np.isfinite(low) | ~np.isfinite(high), 1.0, -1.0)
        self.anchor = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
        self.step = sign * self.unit / np.where(most > 0, most, 1.0)
        ends = np.sort(np.vstack([(low - self.anchor) / self.step, (high - self.anchor) / self.step]), axis=0)
        self.low, self.high = ends
        self.starts = Tangents(*np.zeros((3, 0))) if self.is_linear else self._first_tangents(low, high)
        slopes = self.starts.slope
        self.money = self.unit * (1.0 if self.is_linear else float(np.sqrt(slopes[0] * slopes[-1])))

    def utilities(self, x: Array) -> Array:
        """What a program's numbers mean; (..., n_outcomes)."""
        low, high = self.problem.utility_limits
        return np.asarray(np.clip(self.anchor + self.step * x, low, high))

    def wages(self, utilities: Array) -> Array:
        """The wages that are worth so much, within their limits."""
        with np.errstate(over="ignore"):
            found = self.problem.utility.inverse(utilities)
        return np.asarray(np.clip(found, self.problem.lowest_wage, self.problem.highest_wage))

    def cost(self, utilities: Array) -> Array:
        """What utilities cost."""
        return utilities if self.is_linear else self.wages(utilities)

    def tangents(self, utilities: Array, steepest: Array) -> Tangents:
        """Tangents at some utilities, or, if they are far steeper than any before, where they are less steep."""
        utility = self.problem.utility
        with np.errstate(over="ignore"):
            slope = utility.price(utility.inverse(utilities))
        slope = np.minimum(np.where(np.isfinite(slope), slope, np.inf), STEEPER * steepest)
        return self._at(np.maximum(slope, self.starts.slope[0] / STEEPER))

    def _first_tangents(self, low: Array, high: Array) -> Tangents:
        """Tangents whose slopes are those of the first best, and well beyond."""
        wages = np.concatenate([first_best_cost(one) for one in self.problem.each])
        wages = wages[np.isfinite(wages)]
        limits = np.concatenate([self.problem.lowest_wage, self.problem.highest_wage])
        wages = wages if len(wages) else limits[np.isfinite(limits)]
        slopes = self.problem.utility.price(np.maximum(wages, self.problem.utility.lowest_wage))
        slopes = slopes[(slopes > 0) & np.isfinite(slopes)]
        least, most = (float(slopes.min()), float(slopes.max())) if len(slopes) else (1.0, 1.0)
        return self._at(np.geomspace(least / APART, most * APART, STARTS))

    def _at(self, slope: Array) -> Tangents:
        """Tangents of some slopes."""
        utility = self.problem.utility
        wages = utility.wage_at(slope)
        return Tangents(utility.value(wages), wages, slope)
