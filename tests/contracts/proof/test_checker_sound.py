"""Whatever is changed in a proof: if the checker still calls it proven, a linear program and brute force agree."""

import copy
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import contracts as c
from contracts.proof import checker
from tests.contracts.proof.proofs import verdict, written


def program(problem):
    """The best value by HiGHS, of linear costs: no code of ours. Variables are (y, z) by type, u, and the least u."""
    values, n = np.array(problem["valuations"], dtype=float), len(problem["weights"])
    d, shares, goal = values.shape[1] - 1, np.array(problem["weights"]), problem["objective"]
    price = np.array([[problem["costs"][k][good]["price"] for good in range(d)] for k in problem["cost_of_type"]])
    served = np.column_stack([-price, np.full(n, problem["serving_cost"])])  # serving costs K (1 - z)
    gain = values + np.array(problem["principal_values"]) + served
    worth = shares[:, None] * (goal["profit"] * gain + np.array(goal["amounts"]))
    constant = -goal["profit"] * problem["serving_cost"] * shares.sum()
    rent = shares * (np.array(goal["utility"]) - goal["profit"])
    cost = -np.concatenate([worth.ravel(), rent, [goal["worst_off"]]])
    rows, limits = [], []

    def row(limit, **parts):
        whole = np.zeros(len(cost))
        for name, (where, what) in parts.items():
            start = {"x": where * (d + 1) if name == "x" else 0, "u": n * (d + 1) + where, "v": n * (d + 2)}[name[0]]
            whole[start : start + np.size(what)] += what
        rows.append(whole)
        limits.append(limit)

    eye = np.eye(d + 1)
    for i in range(n):
        for j in range(n):
            if i != j and (problem["mimics"] is None or problem["mimics"][i][j]):
                whole = np.zeros(len(cost))
                whole[j * (d + 1) : (j + 1) * (d + 1)] = values[i] - values[j]
                whole[n * (d + 1) + j], whole[n * (d + 1) + i] = 1.0, -1.0
                rows.append(whole)
                limits.append(0.0)
        if problem["reserves"]:
            row(-values[i, -1], u=(i, -1.0))
        row(0.0, v=(0, 1.0), u=(i, -1.0))
        lowest, highest = problem["transfer_limits"]
        for sign, end in ((1.0, highest), (-1.0, lowest)):
            if end is not None:
                row(sign * end, x=(i, sign * values[i]), u=(i, -sign))
        domain = problem["domain"]
        faces = [(eye[k, :d], high) for k, high in enumerate(domain["upper"]) if high is not None]
        faces += [(-eye[k, :d], -low) for k, low in enumerate(domain["lower"]) if low is not None]
        faces += [(np.array(face), end) for face, end in zip(domain["faces"], domain["ends"], strict=True)]
        for face, end in faces:  # of (1 - z) X
            row(end, x=(i, np.append(face, end)))
        row(1.0 if problem["may_leave"] is True else 0.0, x=(i, eye[d]))
        row(0.0, x=(i, -eye[d]))
    for stated in problem["rows"]:
        on = np.concatenate([np.ravel(stated["amounts"]), stated["utility"], [0.0]])
        rows.append(on)
        limits.append(stated["limit"])
    found = linprog(cost, A_ub=np.array(rows), b_ub=np.array(limits), bounds=(None, None), method="highs")
    return {0: constant - found.fun if found.status == 0 else None, 3: np.inf}.get(found.status)


def keeps_its_word(problem, menu):
    """IC, IR and limits on transfers in fractions, from their definitions."""
    values = [[Fraction(a) for a in row] for row in problem["valuations"]]
    amounts, prices = (
        [[Fraction(x) for x in row] for row in menu["amounts"]],
        [Fraction(t) for t in menu["transfers"]],
    )

    def utility(i, k):
        return sum((a * x for a, x in zip(values[i], amounts[k], strict=True)), Fraction()) - prices[k]

    for i, own in enumerate(menu["contract_of_type"]):
        others = [k for j, k in enumerate(menu["contract_of_type"]) if not problem["mimics"] or problem["mimics"][i][j]]
        if any(utility(i, k) > utility(i, own) for k in others):
            return False
        if problem["reserves"] and utility(i, own) < values[i][-1]:
            return False
        lowest, highest = problem["transfer_limits"]
        if (lowest is not None and prices[own] < lowest) or (highest is not None and prices[own] > highest):
            return False
    return True


LINE, THIRDS, PLANE = [1.0, 2.0, 3.0], [0.5, 0.3, 0.2], [[0.9, 0.2], [0.3, 0.8], [0.5, 0.6]]
PART = {"cost": c.Linear(0.5), "domain": c.Box(0.5, 2.0), "reservation_utility": [0.2, 0.1, 0.7], "serving_cost": 0.1}
LIMITS = {"cost": c.Linear(0.2), "domain": c.Box(), "transfers": (0.0, 1.5), "objective": c.Welfare(0.5)}
QUOTA = {"domain": c.Box(), "constraints": [c.Capacity(0.4)], "participation": "compulsory"}
WORST = {"domain": c.Box(), "cost": c.Linear(0.1), "objective": c.Welfare(0.9, function=c.WorstOff())}
CASES = {
    "line": c.ScreeningProblem(LINE, THIRDS, cost=c.Linear(0.5), domain=c.Box(0.0, 2.0)),
    "bundles": c.ScreeningProblem(PLANE, [0.4, 0.35, 0.25], domain=c.Box()),
    "unit demand": c.ScreeningProblem(PLANE, domain=c.Simplex(free_disposal=True)),
    "served or not": c.ScreeningProblem(LINE, THIRDS, **PART),
    "limits": c.ScreeningProblem(LINE, THIRDS, **LIMITS),
    "capacity": c.ScreeningProblem(LINE, THIRDS, **QUOTA),
    "worst off": c.ScreeningProblem(LINE, **WORST),
    "evidence": c.ScreeningProblem(LINE[::-1], domain=c.Box(), mimics=[(0, 1), (1, 2), (0, 2)]),
}


@pytest.fixture(scope="module")
def documents():
    return {name: written(c.solve_menu(problem).certificate) for name, problem in CASES.items()}


def leaves(part, path=()):
    """Paths to all numbers."""
    if isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from leaves(inner, (*path, key))
    elif isinstance(part, int | float) and path[0] != "schema":
        yield path


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_agrees_with_the_best_menus(documents, name):
    claims = documents[name]["claims"]
    assert verdict(checker, documents[name])[0] == 0
    assert program(documents[name]["problem"]) == pytest.approx(claims["value"], rel=1e-6, abs=1e-9)


MOVES = [0.0, -1.0, 0.5, 2.0, 1.0 + 1e-9, 1.0 - 1e-9, 1.0 + 2e-16, 1.01, 0.99]


@settings(max_examples=400)
@given(st.data())
def test_what_is_proven_of_changed_numbers_is_true(documents, data):
    document = copy.deepcopy(documents[data.draw(st.sampled_from(sorted(CASES)))])
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(sorted(leaves(document), key=str)))
        place = document
        for key in path[:-1]:
            place = place[key]
        old = place[path[-1]]
        if isinstance(old, bool):
            place[path[-1]] = not old
        elif isinstance(old, int):
            place[path[-1]] = old + data.draw(st.sampled_from([-1, 1]))
        else:
            place[path[-1]] = data.draw(st.sampled_from([*(old * move for move in MOVES), old + 0.1, old - 1e-12]))
    code, _ = verdict(checker, document)
    if code != 0:
        return
    problem, claims = document["problem"], document["claims"]
    assert keeps_its_word(problem, document["menu"])
    best = program(problem)
    assert best is not None
    near = 1e-7 * max(1.0, abs(best))
    assert claims["value"] - near <= best <= claims["upper_bound"] + near
