"""Searched fronts: IC and IR of every candidate, agreement with exact fronts and brute force, resuming to the bit."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.front.archive import spread
from contracts.front.goals.goal import goals_of
from contracts.front.lists import space_of
from contracts.front.sandwich import dominated, inner_facets, volumes
from inference import Logit
from tests.strategies import examples

LINE = c.ScreeningProblem([1.0, 2.0, 4.0], [0.5, 0.3, 0.2], cost=c.Quadratic())
POLICIES = c.ScreeningProblem(
    [[2.0, 0.0, 0.5], [0.0, 1.0, 0.8], [0.3, 0.2, 1.0]],
    [0.5, 0.3, 0.2],
    domain=c.Simplex(),
    transfers="none",
    principal_values=[-1.0, 0.0, -0.2],
    reservation_utility=-1.0,
    participation="compulsory",
)
SHORT = c.Search(n_population=24, n_generations=6)


def searched(problem, objectives, seed=0, search=SHORT, **options):
    rng = np.random.default_rng(seed)
    return c.pareto_front(problem, objectives, method="search", rng=rng, search=search, **options)


@examples(25)
@given(st.sampled_from(["free", "none", "limited", "no outside option"]), st.integers(0, 10**6))
def test_every_vector_is_a_menu_that_is_exactly_ic_and_ir(case, seed):
    problem = {
        "free": LINE,
        "none": POLICIES,
        "limited": replace(LINE, transfers=(-1.0, 3.0)),
        "no outside option": replace(LINE, reservation_utility=[0.5, 0.25, 1.0]),
    }[case]
    goals = goals_of(problem, [c.Profit(), c.NumberOfOptions()])
    space = space_of(problem, goals, SHORT, [c.solve_menu(problem, gap=1e-3)])
    rng = np.random.default_rng(seed)
    genes = space.repaired(rng.uniform(space.lowest, space.highest))
    assert np.array_equal(space.repaired(genes), genes)
    values = space.values(genes)
    if np.isinf(values[-1]):
        assert case in ("no outside option", "none")
        assert not (genes[1:].reshape(space.places, -1)[:, 0] == 1).any()
        return
    certificate = space.menu(genes).certificate
    assert certificate.deviation.gain <= 0
    assert certificate.participation_slack >= 0 or values[-1] > 0


@pytest.mark.slow
def test_a_search_agrees_with_the_exact_front_of_a_convex_problem():
    objectives = [c.Profit(), c.TotalSurplus()]
    exact = c.pareto_front(LINE, objectives, gap=1e-3)
    front = searched(LINE, objectives, search=c.Search(n_population=60, n_generations=25))
    above = 1 - (exact.ideal - front.points) / exact.unit
    weights, heights = inner_facets(exact.normalised)
    assert (above @ weights.T - heights).max() <= 1e-3  # nothing beats the exact front
    found = volumes(np.maximum(above, 0.0), np.eye(2), np.ones(2))[0]
    assert found >= 0.96 * exact.hypervolume_interval[0]  # and mixtures of what is found come close to it


@pytest.mark.slow
def test_deterministic_menus_are_those_of_brute_force():
    """Every subset of three policies, one at most for each type: all menus there are, by enumeration."""
    vertices = np.eye(3)
    objectives = [c.Profit(), c.Surplus(), c.NumberOfOptions()]
    front = searched(POLICIES, objectives, search=c.Search(allocations=vertices, n_population=20, n_generations=8))
    goals, menus = goals_of(POLICIES, objectives), []
    for size in (1, 2, 3):
        for subset in itertools.combinations(range(3), size):
            utility = POLICIES.valuations[:, subset]
            tied = [np.flatnonzero(row == row.max()) for row in utility]
            for choice in itertools.product(*tied):
                x = vertices[np.array(subset)[list(choice)]]
                payoff, u = POLICIES.payoff(x, np.zeros(3)), POLICIES.utility(x, np.zeros(3))
                used = len(set(choice))
                menus.append([POLICIES.weights @ payoff, POLICIES.weights @ u, -used])
    best = np.array(menus)[~dominated(np.array(menus))]
    ours = front.points * [1, 1, -1]
    assert sorted(map(tuple, ours.round(9))) == sorted(map(tuple, best.round(9)))
    assert all(set(menu.allocation.ravel()) <= {0.0, 1.0} for menu in front.menus)
    assert [goal.name for goal in goals] == list(front.names)


def test_fewer_options_cost_profit():
    front = searched(LINE, [c.Profit(), c.NumberOfOptions()])
    assert not dominated(front.normalised).any()
    by_count = {int(count): profit for profit, count in front.points}
    best = c.solve_menu(LINE)
    assert by_count[len(best.options.transfers)] == pytest.approx(best.value, rel=1e-6)
    high = max(0.2 * 4**2 / 2, 0.5 * 2**2 / 2)  # one contract: for the high type, or also for the one below it
    assert by_count[1] == pytest.approx(high, rel=0.05)
    assert by_count[0] == 0.0


def profit_if_agents_err(menu):
    chosen = menu.choice_probabilities(menu.problem.valuations, temperature=0.5)[:, :-1]
    allocations, transfers = menu.options
    return float(menu.problem.weights @ chosen @ (transfers - menu.problem.cost.value(allocations)))


def test_agents_who_err_and_information_are_objectives():
    front = searched(LINE, [profit_if_agents_err, c.Information(Logit(0.5)), c.Inequality()])
    assert front.names == ("profit_if_agents_err", "information", "inequality")
    for point, menu in zip(front.points, front.menus, strict=True):
        assert point[0] == profit_if_agents_err(menu)
    assert front.points[:, 1].max() <= -LINE.weights @ np.log(LINE.weights)
    assert np.isinf(front.gap)
    assert front.holds


def test_a_searched_front_survives_a_file_to_the_bit(tmp_path):
    front = searched(LINE, [c.Profit(), c.NumberOfOptions()])
    again = c.load_front(front.save(tmp_path / "front.json"))
    assert json.dumps(again.to_dict()) == json.dumps(front.to_dict())


def test_a_search_resumes_to_the_bit(tmp_path):
    objectives = [c.Profit(), c.Inequality()]
    whole = searched(LINE, objectives, checkpoint=tmp_path / "whole.npz")
    lines = []

    def impatient(line):
        lines.extend([line] * line.startswith("generation"))
        if len(lines) == 3:
            raise KeyboardInterrupt

    path = tmp_path / "search.npz"
    part = searched(LINE, objectives, checkpoint=path, progress=impatient)
    assert not part.is_finished
    resumed = searched(LINE, objectives, checkpoint=path)
    assert json.dumps(resumed.to_dict()) == json.dumps(whole.to_dict())
    assert path.read_bytes() == (tmp_path / "whole.npz").read_bytes()
    with pytest.raises(c.ProblemError, match="is of another search"):
        searched(LINE, objectives, seed=1, checkpoint=path)
    path.write_text("nothing")
    with pytest.raises(c.ProblemError, match="is not readable"):
        searched(LINE, objectives, checkpoint=path)


def test_a_checkpoint_of_objectives_that_only_share_their_names_is_refused(tmp_path):
    path, search = tmp_path / "search.npz", c.Search(n_population=10, n_generations=1)
    steady, noisy = ([c.Profit(), c.Information(Logit(temperature))] for temperature in (0.1, 2.0))
    searched(LINE, steady, search=search, checkpoint=path)
    with pytest.raises(c.ProblemError, match=r"is of other objectives: .* name another file"):
        searched(LINE, noisy, search=search, checkpoint=path)


def test_an_objective_that_no_menu_changes_is_refused():
    with pytest.raises(c.ProblemError, match=r"'luck' does not vary: each of \d+ menus searched is worth 7 by it"):
        searched(LINE, [c.Profit(), c.Criterion("luck", lambda menu: 7.0)], search=c.Search(n_generations=1))


@pytest.mark.slow
def test_workers_change_nothing():
    objectives = [c.Profit(), c.Inequality()]
    alone, together = (searched(LINE, objectives, n_workers=workers) for workers in (1, 2))
    assert json.dumps(alone.to_dict()) == json.dumps(together.to_dict())


def test_a_search_ends_when_the_hypervolume_stands_still():
    lines = []
    search = c.Search(n_population=20, n_generations=200, patience=3, growth=0.5)
    searched(LINE, [c.Profit(), c.Inequality()], search=search, progress=lines.append)
    assert sum(line.startswith("generation") for line in lines) < 20


def test_of_many_menus_those_far_from_each_other_are_kept():
    points = np.column_stack([np.linspace(0, 1, 101), np.linspace(1, 0, 101)])
    assert sorted(points[spread(points, 5), 0]) == pytest.approx([0, 0.25, 0.5, 0.75, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rng": None}, "a search draws at random: pass rng"),
        ({"rng": 4}, r"rng is 4: pass numpy.random.default_rng\(4\)"),
        ({"n_workers": 0}, "n_workers is 0"),
        ({"method": "exact"}, "needs concave objectives, and these are not: 'number of options'"),
        ({"search": c.Search(allocations=[[1.0, 2.0]])}, r"allocations has shape \(1, 2\); expected \(n, 1\)"),
        ({"search": c.Search(allocations=[[-1.0]])}, r"allocations\[0\] lies outside the domain"),
    ],
)
def test_searches_that_make_no_sense_are_refused(options, message):
    with pytest.raises(c.ProblemError, match=message):
        c.pareto_front(LINE, [c.Profit(), c.NumberOfOptions()], **{"rng": np.random.default_rng(0), **options})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n_population": 0}, "n_population is 0"),
        ({"n_options": 1.5}, "n_options is 1.5"),
        ({"growth": 0.0}, "growth is 0.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(c.ProblemError, match=message):
        c.Search(**fields)
