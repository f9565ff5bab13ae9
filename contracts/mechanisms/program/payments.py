r"""What is paid at every profile, where the program knows only what every type pays in expectation.

If types are independent and sum_i E[T_i] + E[v_0] = R, let G(theta) = R - v_0(theta) - sum_i T_i(theta_i), which is
nothing in expectation, and g_i(theta_i) = E[G | theta_i]. Then

    t_i(theta) = T_i(theta_i) + [ G(theta) - g_i(theta_i) ] / n + sum_{j != i} g_j(theta_j) / (n (n - 1))

is T_i in expectation, whatever the agent's type, and sums to R - v_0(theta) at every profile: a budget that holds in
expectation holds at every profile (d'Aspremont & Gerard-Varet 1979; Borgers & Norman 2009).
"""

from __future__ import annotations

import math

import numpy as np

from contracts.mechanisms.numbers import Numbers, Rational, in_lowest_terms, whole
from contracts.mechanisms.problem import profiles_of
from contracts.mechanisms.program.layout import MechanismProgram, budget_in_expectation
from contracts.numerics.basis import Vertex
from contracts.numerics.exact_solve import Whole


def tables_of(numbers: Numbers, program: MechanismProgram, vertex: Vertex) -> tuple[Rational, Rational]:
    """Chances of alternatives by profile, (n_profiles, n_alternatives), and transfers, (n_agents, n_profiles)."""
    problem, layout = numbers.problem, program.layout
    chances = vertex.x[: layout.n_chances].reshape(problem.n_profiles, problem.n_alternatives)
    outcome = in_lowest_terms(chances, vertex.unit)
    shift = numbers.transfer_digits - numbers.digits
    up, unit = 1 << max(shift, 0), vertex.unit << max(-shift, 0)
    shape = (problem.n_agents, problem.n_profiles)
    if layout.transfers >= 0:
        paid = vertex.x[layout.transfers : layout.transfers + problem.n_agents * problem.n_profiles].reshape(shape)
        return outcome, in_lowest_terms(paid * up, unit)
    if not layout.interim:
        return outcome, Rational(whole([0] * (shape[0] * shape[1]), shape), 1)
    interim = [
        vertex.x[start : start + count] * up for start, count in zip(layout.interim, problem.n_types, strict=True)
    ]
    return outcome, paid_by_profile(numbers, outcome, interim, unit)


def paid_by_profile(numbers: Numbers, outcome: Rational, interim: list[Whole], unit: int) -> Rational:
    """Transfers by profile, (n_agents, n_profiles), from what types pay in expectation, in parts of unit."""
    problem = numbers.problem
    if problem.budget != "none" and problem.budget_holds == "ex post" and budget_in_expectation(problem):
        return _balanced(numbers, outcome, interim, unit)
    rows = [part[problem.type_at[agent]] for agent, part in enumerate(interim)]
    return in_lowest_terms(np.stack(rows), unit)


def _balanced(numbers: Numbers, outcome: Rational, interim: list[Whole], unit: int) -> Rational:
    problem = numbers.problem
    count, total = problem.n_agents, numbers.total
    # all in parts of outcome.unit * unit * 2**digits
    common = outcome.unit << numbers.digits
    paid = [part * common for part in interim]
    brings = (outcome.numerators * numbers.principal_at).sum(axis=1) * unit
    given = sum(part[problem.type_at[agent]] for agent, part in enumerate(paid)) + brings
    surplus = int((given * numbers.chances).sum())  # of the total
    short = surplus - given * total  # G, in parts of the total
    means = []
    for agent in range(count):
        others, profiles = numbers.others(agent), profiles_of(problem, agent)
        means.append((short[profiles] * others).sum(axis=1))  # of others_total
    rows = []
    for agent in range(count):
        parts = numbers.others_total(agent)
        row = (short * parts - means[agent][problem.type_at[agent]]) * (count - 1)
        scale = parts
        for j in range(count):
            if j != agent:
                theirs = numbers.others_total(j)
                row = row * theirs + means[j][problem.type_at[j]] * scale
                scale *= theirs
        # row is in parts of total * scale * n (n - 1)
        whole_row = paid[agent][problem.type_at[agent]] * (total * scale * count * (count - 1)) + row
        rows.append(in_lowest_terms(whole_row, unit * common * total * scale * count * (count - 1)))
    return _stacked(rows)


def _stacked(rows: list[Rational]) -> Rational:
    unit = math.lcm(*(row.unit for row in rows))
    return in_lowest_terms(np.stack([row.numerators * (unit // row.unit) for row in rows]), unit)
