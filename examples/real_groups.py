"""Whether menus of policies serve real groups, who differ far more within than between.

Run with `python examples/real_groups.py`, or with a number of splits and of resamples for which all is done anew:
`python examples/real_groups.py 6 20` is what docs/real-groups.md reports. The first section needs the published table
below only. The others read the answers of single people from ../shared/data and are left out where these are not: the
General Social Survey of 2018 (NORC) on national spending, and the votes of Bowling Green, Kentucky, in 2018 (American
Assembly, on Polis; CC BY 4.0 with attribution to The Computational Democracy Project).
"""

import dataclasses
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

# Finished programmes: what they spend more on, at the cost of everything else alike.
BUDGETS = {
    "green": ("environment", "parks", "mass transit", "energy"),
    "schools": ("education", "child care", "science"),
    "health": ("health", "drugs", "social security"),
    "the poor": ("welfare", "cities", "race"),
    "order": ("crime", "roads"),
    "strength": ("arms", "space"),
}
# And what candidates for mayor might run on: numbers of statements that they back, negative if they speak against.
CANDIDATES = {
    "fairness": (20, 86, 87, 177, -90),
    "open city": (30, 26, 185, 221, -323),
    "law and order": (9, 89, -13, -19, -26),
    "drug reform": (13, 12, 10, 11, 19),
    "streets": (66, 83, 69, 82, 184),
    "river and parks": (60, 47, 58, 18, 214),
    "safety net": (24, 23, 34, 112, 114),
    "thrift": (25, -114, -267, -17, -36),
}
TEMPERATURE = 0.2  # of mixtures of programmes, in units of an answer

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


def bundles(programmes: dict[str, tuple[str | int, ...]], items: tuple[str, ...]) -> np.ndarray:
    """One unit of change, dealt out evenly to the items of every programme; (n_programmes, n_items)."""
    return np.array(
        [
            [((one in parts or _number(one) in parts) - (-_number(one) in parts)) / len(parts) for one in items]
            for parts in programmes.values()
        ]
    )


def held_out(
    survey: inference.SurveyAnswers,
    declared: list[str],
    programmes: np.ndarray,
    n_splits: int,
    n_refits: int | None,
    *,
    balanced: bool,
) -> None:
    """The experiment four times: answers are wants, three fifths wants, judged by others, or about programmes."""
    counts = inference.compare_found_groups(survey, rng=np.random.default_rng(SEED))
    print(f"{survey}\n\n{counts}\n")
    found = [inference.FoundGroups(3), inference.FoundGroups(counts.fewest), inference.FoundGroups(3, "k-means")]
    studies = {
        name: inference.people_study(
            survey,
            [*declared, *found],
            rng=np.random.default_rng(SEED),
            balanced=balanced,
            n_splits=n_splits,
            n_refits=n_refits,
            **fields,
        )
        for name, fields in conditions(programmes).items()
    }
    for study in studies.values():
        print(f"{study}\n\n{study.verdicts()}\n")
    print(side_by_side(studies))


def conditions(programmes: np.ndarray) -> dict[str, dict[str, object]]:
    """What is different in every column."""
    return {
        "answers are wants": {},
        "reliability .6": {"reliability": 0.6} | FEWER,
        "unseen items": {"unseen_items": True} | FEWER,
        "programmes": {"programmes": programmes, "temperature": TEMPERATURE},
    }


def side_by_side(studies: dict[str, inference.PeopleStudy]) -> str:
    """The tables of docs/real-groups.md: gains under all conditions, and how much refits widen intervals."""
    first, *_ = studies.values()
    rows = [["groups", "mechanism", *studies, "better, worse, %", "take what is meant (by chance), %"]]
    rows.append(["---"] * len(rows[0]))
    for k, grouping in enumerate(first.groupings):
        for m, mechanism in enumerate(first.mechanisms[1:], 1):
            cells = []
            for study in studies.values():
                known = mechanism in study.mechanisms
                one = study.contrast((grouping, mechanism), (grouping, "averaging")) if known else None
                cells.append(f"{one.effect:+.1f} [{one.interval[0]:+.1f}, {one.interval[1]:+.1f}]" if one else "")
            better, worse = (100 * share[k, m].mean() for share in (first.prefers, first.worse))
            meant = f"{100 * first.meant[k, m].mean():.0f} ({100 * first.chance[k, m]:.0f})"
            cells += [f"{better:.0f}, {worse:.0f}", "" if mechanism == "labels" else meant]
            rows.append([grouping, mechanism, *cells])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    for name, study in studies.items():
        if study.refits is not None:
            lines.append(f"\n{name}: intervals by refits are so many times as wide as by splits: {widening(study)}")
    return "\n".join(lines)


def widening(study: inference.PeopleStudy) -> str:
    """Median over groupings of how much wider intervals are where groups, means and menus are made anew."""
    plain = dataclasses.replace(study, refits=None)
    found = []
    for mechanism in study.mechanisms[1:]:
        widths = np.array(
            [
                [
                    np.subtract(*one.contrast((name, mechanism), (name, "averaging")).interval[::-1])
                    for one in (study, plain)
                ]
                for name in study.groupings
            ]
        )
        widths = widths[(widths > 0).all(axis=1)]  # one policy for all gains the same in every survey
        found.append(f"{mechanism} {np.median(widths[:, 0] / widths[:, 1]):.2f}")
    return ", ".join(found)


def _number(item: str) -> int:
    return int(item) if item.isdecimal() else -1


def main(n_splits: int = SPLITS, n_refits: int | None = None) -> None:
    """All of it."""
    from_the_table()
    for title, survey, declared, programmes, balanced in (
        ("NATIONAL SPENDING, GSS 2018", spending(), ["party", "age", "race"], BUDGETS, True),
        ("BOWLING GREEN 2018", votes(), ["Polis"], CANDIDATES, False),
    ):
        print(f"\n{title}\n")
        if survey is None:
            print(f"left out: the answers of single people are not in {DATA.parent.name}/{DATA.name}")
        else:
            held_out(survey, declared, bundles(programmes, survey.items), n_splits, n_refits, balanced=balanced)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
