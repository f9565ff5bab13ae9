"""Which action to ask of each type: branch and bound, with Myerson's program as the bound.

A node allows some actions of each type. Its bound is that of all mechanisms that ask for these, drawn or not; its best
mechanism says which actions to try for every type, and which type it is least sure about. That type is asked for its
likeliest action in one branch, and for any other in the second. The nodes that are never branched on are the leaves:
together they hold every assignment, so their prices prove the whole.
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.types.bound import sharpened
from contracts.agency.types.prices import AgencyMultipliers, no_prices, scaled, summed
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.programs.assigned import Assigned, Assignment
from contracts.agency.types.programs.mechanism import Mechanism
from contracts.agency.types.programs.scales import Scales
from contracts.agency.types.proof import AgencyProof
from contracts.agency.types.verify import first_best_bound, first_best_prices_of, stakes
from contracts.agency.verify import first_best_cost
from contracts.inputs.arrays import Array, Indices, Mask

NODES = 300  # programs after which the search ends with what it has
NEAR = 0.2  # share of the gap asked for within which the search ends
PROVEN = 3.0  # times that, within which prices are to prove it after rounding
RAYS = (1.0, 1e2, 1e4, 1e6, 1e8)  # times what it takes, along the proof that nothing implements some actions


class Searched(NamedTuple):
    """The best assignment, what it earns in floats, and the proof."""

    actions: Indices | None  # None where nothing can be implemented
    found: Assigned | None
    value: float
    proof: AgencyProof
    bound: float
    is_open: bool  # the search ended before the bound was as near as asked


class _Node(NamedTuple):
    allowed: Mask
    prices: AgencyMultipliers
    chances: Array | None
    bound: float


class _Search:
    def __init__(self, problem: AgencyProblem, scales: Scales, gap: float) -> None:
        self.problem, self.scales, self.gap = problem, scales, gap
        everything = np.ones((problem.n_types, problem.n_actions), dtype=bool)
        self.near = NEAR * gap * stakes(problem, first_best_bound(problem, everything))
        self.mechanism = Mechanism(problem, scales, self.near / 4)
        self.best: tuple[float, Indices | None, Assigned | None] = (-math.inf, None, None)
        self.tried: set[tuple[int, ...]] = set()
        self.n_nodes = 0

    def run(self) -> Searched:
        everyone = np.ones((self.problem.n_types, self.problem.n_actions), dtype=bool)
        self.attempt(np.array([_first_best_action(one) for one in self.problem.each]))
        root = self.node(everyone, None)
        queue: list[tuple[float, int, _Node]] = [(-root.bound, 0, root)]
        leaves: list[tuple[_Node, AgencyMultipliers, float]] = []
        while queue:
            bound, _, node = heapq.heappop(queue)
            is_one, is_done = node.allowed.sum() == self.problem.n_types, self.n_nodes >= NODES
            if is_one or is_done or -bound <= self.best[0] + self.near:
                leaf = (node, *self.proven(node))
                if is_one or is_done or self.best[1] is None or leaf[2] <= self.best[0] + PROVEN * self.near:
                    leaves.append(leaf)
                    continue
            for allowed in _branches(node):
                child = self.node(allowed, node)
                heapq.heappush(queue, (-child.bound, self.n_nodes, child))
        bound = max(leaf[2] for leaf in leaves)
        proof = AgencyProof(np.array([leaf[0].allowed for leaf in leaves]), tuple(leaf[1] for leaf in leaves))
        is_open = self.n_nodes >= NODES and bound > self.best[0] + PROVEN * self.near
        return Searched(self.best[1], self.best[2], self.best[0], proof, bound, is_open)

    def node(self, allowed: Mask, parent: _Node | None) -> _Node:
        self.n_nodes += 1
        self.mechanism.allow(allowed)
        found = self.mechanism.solve(self.best[0] + self.near)
        bound = found.value if parent is None else min(found.value, parent.bound)
        prices = found.prices
        if found.chances is None:
            prices = self.along(parent, found.prices, allowed)
        elif found.value > self.best[0]:
            self.attempt(np.where(allowed, found.chances, -1.0).argmax(axis=1))
        return _Node(allowed, prices, found.chances, bound)

    def attempt(self, actions: Indices) -> None:
        """What an assignment earns, if it was not tried."""
        key = tuple(actions.tolist())
        if key in self.tried:
            return
        self.tried.add(key)
        problem, everyone = self.problem, np.arange(self.problem.n_types)
        program = Assignment(problem, self.scales, actions, everyone, self.near / 4)
        output = float(problem.weights @ problem.expected_output[everyone, actions])
        found = program.solve()
        near = min(self.near, NEAR * self.gap * stakes(problem, output - found.cost))
        if near < self.near and output - found.cost > self.best[0]:  # less is at stake than was thought: look closer
            self.near = near
            self.mechanism.enough = program.enough = near / 4
            found = program.solve()
        if output - found.cost > self.best[0]:
            self.best = (output - found.cost, actions, found)
            if found.utilities is not None:
                self.mechanism.learn(actions, found.utilities)

    def along(self, parent: _Node | None, ray: AgencyMultipliers, allowed: Mask) -> AgencyMultipliers:
        """Prices along the proof that nothing is implemented, far enough out to say so."""
        base = first_best_prices_of(self.problem) if parent is None or parent.chances is None else parent.prices
        total = float(ray.participation.sum() + ray.honesty.sum()) or 1.0
        goal = self.best[0]
        step = float(base.participation.sum() + base.honesty.sum()) / total or 1.0
        tries = [summed(base, scaled(ray, step * times)) for times in RAYS]
        bounds = [sharpened(self.problem, one, allowed) for one in tries]
        reached = [k for k, (_, bound) in enumerate(bounds) if bound <= goal]
        return bounds[reached[0] if reached else int(np.argmin([bound for _, bound in bounds]))][0]

    def proven(self, leaf: _Node) -> tuple[AgencyMultipliers, float]:
        """The prices of a leaf that prove most, beside those of no incentives, and of an assignment's own program."""
        problem, allowed = self.problem, leaf.allowed
        prices, bound = sharpened(problem, leaf.prices, allowed)
        if bound > self.best[0] + PROVEN * self.near:
            others = [first_best_prices_of(problem, allowed), no_prices(problem.n_types)]
            if allowed.sum() == problem.n_types:
                everyone = np.arange(problem.n_types)
                found = Assignment(problem, self.scales, allowed.argmax(axis=1), everyone, self.near / 4).solve()
                others += [found.prices] if found.utilities is not None else []
            for one in others:
                other, lower = sharpened(problem, one, allowed)
                prices, bound = (other, lower) if lower < bound else (prices, bound)
        return prices, bound


def searched(problem: AgencyProblem, scales: Scales, gap: float) -> Searched:
    """The best assignment of actions to types, to within a part of a relative gap."""
    return _Search(problem, scales, gap).run()


def _first_best_action(one: MoralHazardProblem) -> int:
    return int(np.argmax(one.expected_output - first_best_cost(one)))


def _branches(node: _Node) -> list[Mask]:
    """Two parts of a node's assignments, by the type whose action is least sure."""
    several = node.allowed.sum(axis=1) > 1
    chances = node.chances if node.chances is not None else node.allowed / node.allowed.sum(axis=1, keepdims=True)
    sure = np.where(several, np.where(node.allowed, chances, 0.0).max(axis=1), np.inf)
    who = int(np.argmin(sure))
    action = int(np.argmax(np.where(node.allowed[who], chances[who], -1.0)))
    taken, others = node.allowed.copy(), node.allowed.copy()
    taken[who] = False
    taken[who, action] = True
    others[who, action] = False
    return [taken, others]
