"""Regret against knowing the distribution; what a menu earns when agents err; Carroll's separation theorem."""

import numpy as np
import pytest

import contracts
from contracts import Box, ChiSquare, Moments, ProblemError, Quadratic, ScreeningProblem, TotalVariation


class Fickle:
    """Agents who take any option, the outside one included, with the same probability."""

    def probabilities(self, utility):
        return np.full(utility.shape, 1 / utility.shape[1])


class Steady:
    """Agents who take the best option by far."""

    def probabilities(self, utility):
        return (utility == utility.max(axis=1, keepdims=True)).astype(float)


def test_a_menu_has_no_regret_where_it_is_the_best_and_some_elsewhere():
    menu = contracts.solve_menu([1.0, 2.0], [0.6, 0.4], cost=Quadratic())
    report = contracts.regret(menu, {"own": [0.6, 0.4], "fewer high": [0.8, 0.2], "more high": [0.4, 0.6]})
    amounts = np.maximum(0, 1 - np.array([0.4, 0.2, 0.6]) / np.array([0.6, 0.8, 0.4]))
    best = np.array([0.6, 0.8, 0.4]) * amounts**2 / 2 + 2 * np.array([0.4, 0.2, 0.6])
    assert report.best == pytest.approx(best, abs=1e-5)
    assert report.regret[0] == pytest.approx(0, abs=1e-5)
    assert np.all(report.regret[1:] > 0.01)
    assert report.largest == report.regret.max()
    assert report.to_frame().loc["own", "value"] == report.value[0]


@pytest.mark.parametrize("ambiguity", [TotalVariation(0.15), ChiSquare(0.2)])
def test_no_distribution_of_a_grid_over_the_set_has_more_regret_than_the_largest_found(ambiguity):
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), ambiguity=ambiguity)
    report = contracts.regret(menu)
    assert report.names == ("as given", "worst case", "largest regret")
    problem = menu.problem
    for share in np.linspace(0.05, 0.95, 91):
        weights = np.array([share, 1 - share])
        if ambiguity.excess(weights, problem.weights, problem.valuations) <= 0:
            amount = max(0.0, 1 - (1 - share) / share)
            best = share * amount**2 / 2 + 2 * (1 - share)
            assert best - weights @ menu.payoff <= report.largest + 1e-4


def test_a_robust_menu_gives_up_value_as_given_to_gain_in_the_worst_case():
    problem = ScreeningProblem([1.0, 2.0, 3.0], [0.3, 0.3, 0.4], cost=Quadratic(), ambiguity=TotalVariation(0.2))
    robust = contracts.solve_menu(problem)
    plain = contracts.solve_menu(problem.under(problem.weights))
    assert robust.problem.weights @ robust.payoff < plain.value
    assert robust.value > problem.worst_case(plain.allocation, plain.transfer).value


def test_expected_value_under_random_choice_is_the_mean_over_options():
    menu = contracts.solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic())
    payoffs = [*(menu.options.transfers - menu.options.allocations[:, 0] ** 2 / 2), 0.0]
    assert menu.expected_value(Fickle()) == pytest.approx(np.mean(payoffs), abs=1e-12)


@pytest.mark.parametrize("ambiguity", [None, TotalVariation(0.1), ChiSquare(0.2)])
def test_expected_value_of_best_responses_is_the_value(ambiguity):
    tastes = [[1.0, 2.0], [2.0, 1.0], [2.5, 2.5]]
    menu = contracts.solve_menu(tastes, cost=Quadratic(), reservation_utility=0.1, ambiguity=ambiguity)
    assert menu.expected_value(Steady()) == pytest.approx(menu.value, abs=1e-9)


class Backwards:
    """Agents of the last type leave, all others take the best option."""

    def probabilities(self, utility):
        chance = Steady().probabilities(utility)
        chance[-1] = np.eye(utility.shape[1])[-1]
        return chance


def test_expected_value_under_ambiguity_is_taken_where_erring_agents_are_worth_least():
    """The high type pays most as long as it does not err: who leaves is worth nothing, and gets 0.1 more weight."""
    menu = contracts.solve_menu([1.0, 2.0], [0.6, 0.4], cost=Quadratic(), ambiguity=TotalVariation(0.1))
    assert menu.worst_case_weights == pytest.approx([0.7, 0.3])
    assert menu.expected_value(Backwards()) == pytest.approx(0.5 * menu.payoff[0])


def test_expected_value_is_refused_where_the_objective_is_no_expectation():
    rawls = contracts.Welfare(function=contracts.WorstOff())
    menu = contracts.solve_menu([1.0, 2.0], domain=Box(0, 1), objective=rawls, transfers=(-1.0, 1.0))
    with pytest.raises(ProblemError, match="no expectation over types"):
        menu.expected_value(Fickle())
    with pytest.raises(ProblemError, match="leave the worst-off term out"):
        contracts.regret(menu)


@pytest.mark.parametrize("ambiguity", [None, TotalVariation(0.1), ChiSquare(0.2)])
@pytest.mark.parametrize("high", [0.3, 0.7, 0.9, 1.0])
def test_distributions_of_ones_own_are_taken_as_they_are_whatever_the_ambiguity(ambiguity, high):
    menu = contracts.solve_menu([1.0, 2.0], [0.6, 0.4], cost=Quadratic(), ambiguity=ambiguity)
    report = contracts.regret(menu, {"mine": [1 - high, high]})
    amount = max(0.0, 1 - high / (1 - high)) if high < 1 else 0.0
    assert report.best[0] == pytest.approx((1 - high) * amount**2 / 2 + 2 * high, abs=1e-5)
    assert report.value[0] == pytest.approx(menu.payoff @ [1 - high, high], abs=1e-6)


def test_a_distribution_that_does_not_fit_is_refused_by_name():
    menu = contracts.solve_menu([1.0, 2.0], cost=Quadratic())
    with pytest.raises(ProblemError, match="distribution 'census' has shape"):
        contracts.regret(menu, {"census": [0.2, 0.3, 0.5]})
    for shares in ([-0.5, 1.5], [0.0, 0.0], [0.5, 0.6]):
        with pytest.raises(ProblemError, match="'census' must not be negative and must sum to 1"):
            contracts.regret(menu, {"census": shares})
    with pytest.raises(ProblemError, match="menu is ScreeningProblem: give a Menu"):
        contracts.regret(menu.problem)


@pytest.mark.parametrize("n_values", [2, 3, 4])
def test_with_unknown_correlation_separate_screening_is_optimal(n_values):
    """Carroll (2017): marginals known, correlation not; the robust value is the sum of the goods' own optima."""
    rng = np.random.default_rng(n_values)
    values = [np.sort(rng.uniform(1, 2, n_values)) for _ in range(2)]
    shares = [rng.dirichlet(np.full(n_values, 2.0)) for _ in range(2)]
    tastes = np.array([[a, b] for a in values[0] for b in values[1]])
    first, second = np.divmod(np.arange(n_values**2), n_values)
    marginals = np.hstack([np.eye(n_values)[first], np.eye(n_values)[second]])
    known = np.concatenate(shares)
    problem = ScreeningProblem(
        tastes, np.outer(*shares).ravel(), cost=Quadratic(), ambiguity=Moments(marginals, known, known)
    )
    bundle = contracts.solve_menu(problem)
    goods = [contracts.solve_menu(v, f, cost=Quadratic()) for v, f in zip(values, shares, strict=True)]
    assert bundle.value == pytest.approx(sum(good.value for good in goods), rel=2e-6)
    allocation = np.column_stack([goods[0].allocation[first, 0], goods[1].allocation[second, 0]])
    transfer = goods[0].transfer[first] + goods[1].transfer[second]
    separate = problem.worst_case(allocation, transfer).value
    assert separate == pytest.approx(bundle.value, rel=2e-6)  # it attains the worst case, whatever the correlation
