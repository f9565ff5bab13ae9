"""Karaivanov (2001), Computing Moral Hazard Programs with Lotteries: his program, over a grid of wages, and ours.

Output is 1 or 3, with a chance z^.7 of the larger; ten efforts z between 0 and 1; utility 2 sqrt(w) + 2 sqrt(1 - z), at
least 1 elsewhere; wages up to 3. The program draws effort, output and one of 20 wages. No published value was found.
"""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

import contracts

OUTPUT = np.array([1.0, 3.0])
EFFORTS = np.linspace(1e-8, 1 - 1e-8, 10)
CHANCES = np.stack([1 - EFFORTS**0.7, EFFORTS**0.7], axis=1)
LEISURE = 2 * np.sqrt(1 - EFFORTS)


def on_a_grid(wages):
    """The value of the linear program in the joint chances of effort, output and wage."""
    n, size = EFFORTS.size, wages.size
    utility = 2 * np.sqrt(wages)
    cells = np.arange(n * 2 * size).reshape(n, 2, size)
    earned = np.broadcast_to((OUTPUT[:, None] - wages)[None], cells.shape).ravel()
    own = np.zeros((n, 2, cells.size))
    for i in range(n):
        for o in range(2):
            own[i, o, cells[i, o]] += 1
            own[i, o, cells[i].ravel()] -= CHANCES[i, o]
    tempting = np.zeros((n, n, cells.size))
    for i in range(n):
        for j in range(n):
            ratio = CHANCES[j] / CHANCES[i]
            tempting[i, j, cells[i].ravel()] = np.concatenate(
                [ratio[o] * (utility + LEISURE[j]) - (utility + LEISURE[i]) for o in range(2)]
            )
    stay = -(utility[None, None] + LEISURE[:, None, None] + np.zeros((n, 2, size))).ravel()
    found = scipy.optimize.linprog(
        -earned,
        A_ub=scipy.sparse.csr_array(np.vstack([stay, tempting.reshape(n * n, -1)])),
        b_ub=np.r_[-1.0, np.zeros(n * n)],
        A_eq=scipy.sparse.csr_array(np.vstack([np.ones(cells.size), own.reshape(2 * n, -1)])),
        b_eq=np.r_[1.0, np.zeros(2 * n)],
        method="highs",
    )
    return -found.fun


def test_wages_from_a_grid_earn_less_and_come_close():
    problem = contracts.MoralHazardProblem(
        CHANCES, OUTPUT, LEISURE.max() - LEISURE, contracts.CRRA(0.5), 1 - LEISURE.max(), wages=(0.0, 3.0)
    )
    lottery = contracts.solve_lottery(problem)
    assert lottery.certificate.holds
    assert lottery.value == pytest.approx(1.878578, abs=1e-6)
    assert on_a_grid(np.linspace(1e-8, 3, 20)) == pytest.approx(1.877287, abs=1e-6)  # his grid
    fine = on_a_grid(np.linspace(0, 3, 121))
    assert lottery.value - 1e-4 <= fine <= lottery.upper_bound
