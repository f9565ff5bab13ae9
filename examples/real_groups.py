"""Whether menus of policies serve real groups, who differ far more within than between.

Run with `python examples/real_groups.py`, or with a number of splits: `python examples/real_groups.py 10` is what
docs/real-groups.md reports. The first section needs the published table below only. The others read the answers
of single people from ../shared/data and are left out where these are not: the General Social Survey of 2018 (NORC) on
national spending, and the votes of Bowling Green, Kentucky, in 2018 (American Assembly, on Polis; CC BY 4.0 with
attribution to The Computational Democracy Project).
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import contracts
import inference

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SEED, SPLITS = 1, 4

# Mean answers, 1 too little is spent, 0 about right, -1 too much: Democrats, Independents (leaners too), Republicans.
PARTIES, PEOPLE = ("Democrats", "Independents", "Republicans"), np.array([530, 677, 361])
MEANS = {
    "space": (-0.052, -0.010, 0.015),
    "environment": (0.792, 0.648, 0.261),
    "health": (0.793, 0.637, 0.493),
    "cities": (0.320, 0.202, -0.091),
    "crime": (0.495, 0.510, 0.613),
    "drugs": (0.705, 0.563, 0.474),
    "education": (0.832, 0.721, 0.558),
    "race": (0.698, 0.391, 0.051),
    "arms": (-0.169, 0.012, 0.419),
    "foreign aid": (-0.181, -0.355, -0.632),
    "welfare": (0.499, 0.266, -0.040),
    "roads": (0.500, 0.411, 0.558),
    "social security": (0.677, 0.554, 0.501),
    "mass transit": (0.455, 0.331, 0.142),
    "parks": (0.421, 0.336, 0.184),
    "child care": (0.723, 0.560, 0.338),
    "science": (0.455, 0.329, 0.280),
    "energy": (0.629, 0.510, 0.331),
}
VARIANCE_WITHIN = np.array([6.04, 7.01, 7.10])  # of people's answers about their party's mean, summed over items
ATTAINABLE = 3.27  # mean welfare that a policy of everybody's own would add to one for the average

FEWER = {"mechanisms": ["labels", "labels, open", "menu", "menu at cost"]}  # the robust menu takes longest

GSS_ITEMS = [
    *("natspac", "natenvir", "natheal", "natcity", "natcrime", "natdrug", "nateduc", "natrace", "natarms"),
    *("nataid", "natfare", "natroad", "natsoc", "natmass", "natpark", "natchld", "natsci", "natenrgy"),
]
PARTY = {0: "Democrat", 1: "Democrat", 2: "Independent", 3: "Independent", 4: "Independent"}
PARTY |= {5: "Republican", 6: "Republican"}
RACE = {1: "white", 2: "black", 3: "other"}


def from_the_table() -> None:
    """What the means alone say: the menu for three parties, and what it can gain at most."""
    wanted = np.array(list(MEANS.values())).T
    wanted = wanted - wanted.mean(axis=1, keepdims=True)  # money moves between items: more of everything is no policy
    shares = PEOPLE / PEOPLE.sum()
    average = shares @ wanted
    menu = contracts.solve_menu(
        wanted,
        shares,
        cost=contracts.Quadratic(),
        domain=contracts.Box(-5.0, 5.0),
        transfers="none",
        objective=contracts.Welfare(),
        outside_option=average,
        labels=PARTIES,
        goods=list(MEANS),
    )
    print("FROM THE PUBLISHED TABLE: a menu for three parties, the averaged policy always on offer\n")
    print(f"{menu}\n\ncorrelation of what parties want\n{np.corrcoef(wanted).round(2)}")
    worth = wanted @ np.vstack([menu.allocation, average]).T
    print(f"\nwhat parties (rows) get from the option of each, and from the average\n{worth.round(3)}")
    best = shares @ (wanted**2).sum(axis=1) / 2
    between, noise = best - average @ average / 2, shares @ VARIANCE_WITHIN * (len(shares) - 1) / PEOPLE.sum()
    print(
        f"\nwelfare: average {average @ average / 2:.4f}, menu {menu.value:.4f}, own policy of every party {best:.4f}"
    )
    print(
        f"Three policies of the parties' own gain {100 * between / ATTAINABLE:.2f}% of what everybody's own would; "
        f"made from half of the people, {100 * (between - noise) / ATTAINABLE:.2f}%."
    )


def spending() -> inference.SurveyAnswers | None:
    """The survey of 2018, people who answered at least half of the items."""
    path = DATA / "gss_spending" / "answers.parquet"
    if not path.exists():
        return None
    people = pd.read_parquet(path)
    people = people[people[GSS_ITEMS].notna().sum(axis=1) >= len(GSS_ITEMS) / 2]
    age = pd.cut(people["age"], [0, 35, 55, np.inf], labels=["to 35", "36 to 55", "over 55"]).astype(object)
    groups = {"party": people["partyid"].map(PARTY), "age": age, "race": people["race"].map(RACE)}
    return inference.SurveyAnswers(people[GSS_ITEMS].to_numpy(), list(MEANS), groups)


def votes() -> inference.SurveyAnswers | None:
    """Bowling Green: statements with 400 votes, and who voted on twenty of them."""
    path = DATA / "polis_bowling_green" / "votes.parquet"
    if not path.exists():
        return None
    cast = pd.read_parquet(path)
    table = cast.pivot(index="participant", columns="statement", values="vote")
    table = table.loc[:, table.notna().sum() >= 400]
    table = table[table.notna().sum(axis=1) >= 20]
    polis = cast.groupby("participant")["polis_group"].first().map({0.0: "A", 1.0: "B"})[table.index]
    return inference.SurveyAnswers(table.to_numpy(), [str(one) for one in table.columns], {"Polis": polis})


def held_out(survey: inference.SurveyAnswers, declared: list[str], n_splits: int, *, balanced: bool) -> None:
    """The experiment three times: answers are wants, answers are three fifths wants, other answers judge."""
    counts = inference.compare_found_groups(survey, rng=np.random.default_rng(SEED))
    print(f"{survey}\n\n{counts}\n")
    found = [inference.FoundGroups(3), inference.FoundGroups(counts.fewest), inference.FoundGroups(3, "k-means")]
    for conditions in ({}, {"reliability": 0.6} | FEWER, {"unseen_items": True} | FEWER):
        rng = np.random.default_rng(SEED)
        study = inference.people_study(
            survey, [*declared, *found], rng=rng, balanced=balanced, n_splits=n_splits, **conditions
        )
        print(f"{study}\n\n{study.verdicts()}\n")


def main(n_splits: int = SPLITS) -> None:
    """All of it."""
    from_the_table()
    for title, survey, declared, balanced in (
        ("NATIONAL SPENDING, GSS 2018", spending(), ["party", "age", "race"], True),
        ("BOWLING GREEN 2018", votes(), ["Polis"], False),
    ):
        print(f"\n{title}\n")
        if survey is None:
            print(f"left out: the answers of single people are not in {DATA.parent.name}/{DATA.name}")
        else:
            held_out(survey, declared, n_splits, balanced=balanced)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
