"""Strengths by maximum likelihood: published estimates, likelihoods by hand, and who has no finite one."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from contracts.errors import ProblemError
from inference.norms.contests import fit_strengths
from inference.norms.elicitation import Comparisons, Rankings
from inference.norms.norms import elicit_norms
from tests.inference.norms.test_norms import GOALS, TEAMS

# Games at home of the American League East of baseball, 1987 (Agresti 2002, table 10.11): wins and losses at home of
# the team of the row against that of the column.
AT_HOME = {
    "Milwaukee": "- 4-3 4-2 4-3 6-1 4-2 6-0",
    "Detroit": "3-3 - 4-2 4-3 6-0 6-1 4-3",
    "Toronto": "2-5 4-3 - 2-4 4-3 4-2 6-0",
    "New York": "3-3 5-1 2-5 - 4-3 4-2 6-1",
    "Boston": "5-1 2-5 3-3 4-2 - 5-2 6-0",
    "Cleveland": "2-5 3-3 3-4 4-3 4-2 - 2-4",
    "Baltimore": "2-5 1-5 1-6 2-4 1-6 3-4 -",
}


def baseball():
    rows = []
    for home, line in AT_HOME.items():
        for away, score in zip(TEAMS, line.split(), strict=True):
            if score != "-":
                won, lost = map(int, score.split("-"))
                rows += [(home, away, home)] * won + [(away, home, home)] * lost
    winner, loser, home = zip(*rows, strict=True)
    return Comparisons(["all"] * len(rows), winner, loser, at_home=home)


def test_the_home_advantage_of_baseball_is_the_published_one():
    games = baseball()
    found = fit_strengths(games)
    assert found.parameters == ("home",)
    assert found.coefficients[0] == pytest.approx(0.302, abs=5e-4)
    assert found.errors[0] == pytest.approx(0.131, abs=5e-4)
    strength = [found.difference(team, "Baltimore")[0] for team in TEAMS]
    published = [
        1.6196,
        1.4754,
        1.3271,
        1.2813,
        1.1438,
        0.7047,
        0.0,
    ]  # Turner & Firth (2012), J. Statistical Software 48
    np.testing.assert_allclose(strength, published, atol=5e-5)
    apart, error = fit_strengths(replace(games, at_home=None)).difference("Milwaukee", "Baltimore")
    assert (round(apart, 2), round(error, 2)) == (1.58, 0.34)
    assert "home" in str(found)
    assert found.to_frame().loc["home", "estimate"] == found.coefficients[0]


def chess(rng, n=150):
    """Players who play white and black, with draws."""
    white = rng.integers(0, 4, n)
    black = (white + rng.integers(1, 4, n)) % 4
    strength = np.array([0.8, 0.3, -0.2, -0.9])
    ends = np.stack([strength[white] + 0.4, strength[black], 0.3 + (strength[white] + strength[black]) / 2], axis=1)
    chance = np.exp(ends) / np.exp(ends).sum(axis=1, keepdims=True)
    result = (rng.random(n)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)
    return white, black, result


def test_draws_and_the_first_move_are_those_of_a_likelihood_written_by_hand():
    white, black, result = chess(np.random.default_rng(0))

    def loss(at):
        v, home, tie = np.append(0.0, at[:3]), at[3], at[4]
        total = 0.0
        for w, b, r in zip(white, black, result, strict=True):  # Davidson & Beaver (1977), as it is printed
            first, second = np.exp(v[w] + home), np.exp(v[b])
            draw = np.exp(tie) * np.sqrt(np.exp(v[w]) * np.exp(v[b]))
            total -= np.log((first, second, draw)[r] / (first + second + draw))
        return total

    by_hand = minimize(loss, np.zeros(5), method="BFGS")
    names = np.array(["a", "b", "c", "d"])
    winner, loser = np.where(result == 1, black, white), np.where(result == 1, white, black)
    games = Comparisons(np.full(len(white), "all"), names[winner], names[loser], tied=result == 2, at_home=names[white])
    found = fit_strengths(games)
    np.testing.assert_allclose(found.utilities - found.utilities[0], np.append(0.0, by_hand.x[:3]), atol=1e-4)
    np.testing.assert_allclose(found.coefficients, by_hand.x[3:], atol=1e-4)
    assert found.log_likelihood == pytest.approx(-by_hand.fun, abs=1e-6)
    step = 1e-3 * np.eye(5)
    at = by_hand.x
    second = [[loss(at + i + j) - loss(at + i - j) - loss(at - i + j) + loss(at - i - j) for j in step] for i in step]
    by_curvature = np.sqrt(np.diag(np.linalg.inv(np.array(second) / 4e-6)))
    np.testing.assert_allclose(found.errors, by_curvature[3:], rtol=1e-3)


def test_rankings_are_sequences_of_choices():
    rows = [list(order) for order, count in GOALS.items() for _ in range(count)]
    found = fit_strengths(Rankings(["all"] * len(rows), rows))

    def loss(at):
        v = dict(zip("1234", np.append(0.0, at), strict=True))
        return -sum(
            count * sum(v[one] - np.log(sum(np.exp(v[x]) for x in order[k:])) for k, one in enumerate(order))
            for order, count in GOALS.items()
        )

    by_hand = minimize(loss, np.zeros(3))
    np.testing.assert_allclose(found.utilities - found.utilities[0], np.append(0.0, by_hand.x), atol=1e-4)
    assert found.log_likelihood == pytest.approx(-by_hand.fun, abs=1e-6)


def test_attributes_stand_for_strengths():
    games = replace(baseball(), at_home=None)
    free = fit_strengths(games, policies=TEAMS)
    full = fit_strengths(games, attributes=np.eye(7)[:, 1:], attribute_names=TEAMS[1:], policies=TEAMS)
    np.testing.assert_allclose(full.utilities, free.utilities, atol=1e-8)
    np.testing.assert_allclose(full.covariance, free.covariance, atol=1e-8)
    one = fit_strengths(games, attributes=free.utilities[:, None], policies=TEAMS)
    assert one.coefficients[0] == pytest.approx(1.0, abs=1e-6)
    assert one.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 14))
def test_there_is_a_finite_estimate_exactly_where_everybody_reaches_everybody(seed, n_policies, n_games):
    """Ford (1957): iff chains of wins lead from each to each."""
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(seed)
    winner = rng.integers(0, n_policies, n_games)
    loser = (winner + rng.integers(1, n_policies, n_games)) % n_policies
    beat = np.zeros((n_policies, n_policies))
    beat[winner, loser] = 1
    played = np.unique(np.r_[winner, loser])
    n_parts, _ = connected_components(beat[np.ix_(played, played)], directed=True, connection="strong")
    games = Comparisons(["all"] * n_games, winner, loser)
    if n_parts == 1:
        assert np.isfinite(fit_strengths(games).standard_errors).all()
    else:
        with pytest.raises(ProblemError, match=r"never lost to|no answers connect"):
            fit_strengths(games)


def test_those_without_a_finite_strength_are_named():
    games = Comparisons(["all"] * 5, ["ann", "ann", "bob", "cat", "bob"], ["bob", "cat", "cat", "bob", "cat"])
    with pytest.raises(ProblemError, match="'ann' never lost to 'bob', 'cat'"):
        fit_strengths(games)
    apart = Comparisons(["all"] * 4, ["a", "b", "c", "d"], ["b", "a", "d", "c"])
    with pytest.raises(ProblemError, match=r"no answers connect .* with"):
        fit_strengths(apart)
    with pytest.raises(ProblemError, match="'home' decides every answer"):
        fit_strengths(Comparisons(["all"] * 2, ["a", "b"], ["b", "a"], at_home=["a", "b"]))
    with pytest.raises(ProblemError, match="'tie' decides every answer"):
        fit_strengths(Comparisons(["all"] * 2, ["a", "b"], ["b", "a"], tied=[True, True]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_strengths([1]), "answers is list: give Comparisons or Rankings"),
        (lambda: Comparisons(["g"], ["a"], ["b"], tied=[True, False]), r"tied has shape \(2,\); expected \(1,\)"),
        (lambda: Comparisons(["g"], ["a"], ["b"], at_home=["c"]), "at_home names nobody"),
        (lambda: Comparisons(["g"], ["a"], ["b"], at_home=["a", "b"]), "at_home has 2 entries and group has 1"),
        (lambda: elicit_norms(Comparisons(["g"], ["a"], ["b"], tied=[True])), "answers hold ties"),
        (lambda: elicit_norms(Rankings(["g"], [["a", "b"]], tied=[[True]])), "answers hold ties"),
        (lambda: elicit_norms(Comparisons(["g"], ["a"], ["b"], at_home=["a"])), "answers say who was at home"),
        (
            lambda: fit_strengths(Comparisons(["g"], ["a"], ["b"]), attributes=pd.DataFrame({"size": [1.0, 2.0]})),
            "attributes has the columns .size.: give a column 'policy'",
        ),
        (
            lambda: fit_strengths(
                Comparisons(["g"], ["a"], ["b"]), attributes=pd.DataFrame({"policy": ["a"], "size": [1.0]})
            ),
            "'b' is not among the policies of the attributes",
        ),
        (lambda: fit_strengths(Comparisons(["g"], ["a"], ["b"]), attributes=[[1.0], [2.0]]), "in which order"),
        (
            lambda: fit_strengths(Comparisons(["g"], ["a"], ["b"]), attributes=[[1.0]], policies=["a", "b"]),
            r"attributes has shape \(1, 1\)",
        ),
    ],
)
def test_bad_input_is_refused_with_what_and_where(call, message):
    with pytest.raises(ProblemError, match=message):
        call()


# ---- ties in rankings ----

TIED = [  # places, best first; those in one list are tied
    [["a"], ["b", "c"], ["d"]],
    [["b"], ["a"], ["d"], ["c"]],
    [["c", "d"], ["a"]],
    [["d"], ["a", "b", "c"]],
    [["a", "b"], ["d"]],
    [["c"], ["a"], ["b"]],
    [["b", "d"], ["c"], ["a"]],
    [["d"], ["c"], ["b"], ["a"]],
]


def rankings_of(places, **fields):
    ranking = [[one for best in each for one in best] for each in places]
    tied = [[later for best in each for later in [True] * (len(best) - 1) + [False]][:-1] for each in places]
    return Rankings(["all"] * len(places), ranking, tied=tied, **fields)


def test_ties_in_rankings_maximise_the_likelihood_written_out():
    """Davidson-Luce (Firth, Kosmidis & Turner 2019): a set of t weighs delta_t times its geometric mean."""
    found = fit_strengths(rankings_of(TIED))
    assert found.parameters == ("tie of 2", "tie of 3")

    def loss(parameters):
        strength = dict(zip("abcd", (0.0, *parameters[:3]), strict=True))
        delta = {1: 0.0, 2: parameters[3], 3: parameters[4]}
        total = 0.0
        for places in TIED:
            left = {one for best in places for one in best}
            for best in places:
                if len(left) > 1:
                    sets = [s for t in delta for s in itertools.combinations(sorted(left), t)]
                    weight = [np.exp(delta[len(s)] + np.mean([strength[one] for one in s])) for s in sets]
                    total -= np.log(weight[sets.index(tuple(sorted(best)))] / sum(weight))
                left -= set(best)
        return total

    best = minimize(loss, np.zeros(5), tol=1e-10)
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    np.testing.assert_allclose(found.coefficients, best.x[3:], atol=1e-3)
    np.testing.assert_allclose(found.utilities[1:] - found.utilities[0], best.x[:3], atol=1e-3)


def test_ties_of_two_are_those_of_comparisons():
    pairs = [("a", "b", 3, 2), ("b", "c", 2, 3), ("c", "a", 2, 1), ("b", "a", 2, 0), ("c", "b", 1, 2)]
    rows = [(one, two, tie) for one, two, won, ties in pairs for tie in [False] * won + [True] * ties]
    winner, loser, tied = zip(*rows, strict=True)
    compared = fit_strengths(Comparisons(["all"] * len(rows), winner, loser, tied=list(tied)))
    ranking = list(zip(winner, loser, strict=True))
    ranked = fit_strengths(Rankings(["all"] * len(rows), ranking, tied=[[one] for one in tied]))
    np.testing.assert_allclose(ranked.utilities, compared.utilities, atol=1e-9)
    np.testing.assert_allclose(ranked.covariance, compared.covariance, atol=1e-9)
    np.testing.assert_allclose(ranked.coefficients, compared.coefficients, atol=1e-9)


def test_those_left_out_of_a_ranking_with_ties_come_below():
    places = [*[[["a", "b"]], [["b"]], [["c"], ["a"]], [["d"]], [["a"]]] * 2, [["d"], ["b", "c"]]]
    answers = rankings_of(places, unlisted="below")
    short = fit_strengths(answers)
    assert short.parameters == ("tie of 2",)
    again = fit_strengths(answers, policies=["d", "c", "b", "a"])
    np.testing.assert_allclose(again.utilities[::-1], short.utilities, atol=1e-8)
    assert short.log_likelihood < 0


@pytest.mark.parametrize(
    ("tied", "words"),
    [
        ([[True]] * 8, r"tied\[0\] has shape \(1,\); expected \(3,\)"),
        (5, "tied is 5: give a list"),
        ([[True, False, False]], "tied has 1 entries: give one sequence per ranking, 8"),
    ],
)
def test_ties_that_do_not_fit_the_rankings_are_refused(tied, words):
    with pytest.raises(ProblemError, match=words):
        replace(rankings_of(TIED), tied=tied)


def test_too_many_sets_are_refused():
    many = Rankings(["all"], [[str(k) for k in range(40)]], tied=[[True] * 2 + [False] * 37])
    with pytest.raises(ProblemError, match="sets that may be best: break the largest ties"):
        fit_strengths(many)


def test_answers_without_a_tie_need_no_parameter_of_ties():
    """Its most likely value is minus infinity, where the rest is as it is without."""
    games = Comparisons(["all"] * 3, ["a", "b", "a"], ["b", "a", "b"], tied=[False] * 3)
    ranked = Rankings(["all"] * 3, [["a", "b"], ["b", "a"], ["a", "b"]], tied=[[0]] * 3)
    for answers in (games, ranked):
        found = fit_strengths(answers)
        assert found.parameters == ()
        np.testing.assert_allclose(found.difference("a", "b")[0], np.log(2), atol=1e-9)


def test_frames_hold_ties_home_and_attributes():
    games = baseball()
    columns = {name: getattr(games, name) for name in ("group", "winner", "loser", "at_home")}
    tied = np.arange(games.n_answers) % 9 == 0
    read = Comparisons.from_frame(pd.DataFrame(columns | {"draw": tied}), tied="draw")
    found = fit_strengths(read)
    assert found.parameters == ("home", "tie")
    assert found.log_likelihood == fit_strengths(replace(games, tied=tied)).log_likelihood
    size = np.linspace(-1, 1, 7) ** 2
    shuffled = pd.DataFrame({"size": size, "policy": TEAMS}).sample(frac=1, random_state=0)
    by_frame, by_array = (
        fit_strengths(games, attributes=shuffled),
        fit_strengths(games, attributes=size[:, None], attribute_names=["size"], policies=TEAMS),
    )
    assert by_frame.parameters == ("size", "home")
    np.testing.assert_allclose(by_frame.coefficients, by_array.coefficients, atol=1e-10)


def test_attributes_of_a_longer_name_are_not_those_of_a_shorter_one():
    """Names of the frame were cut to the longest name that was compared, so the car was as big as the carriage."""
    games = Comparisons(
        ["x"] * 6, ["car", "bus", "car", "bus", "tax", "car"], ["bus", "car", "tax", "tax", "car", "tax"]
    )
    names, size = ["carriage", "car", "bus", "tax"], [9.0, 1.0, 2.0, 3.0]
    some, all_of_them = (
        fit_strengths(games, attributes=pd.DataFrame({"policy": names[k:], "size": size[k:]})) for k in (1, 0)
    )
    assert some.log_likelihood == all_of_them.log_likelihood


def test_files_of_answers_are_read_as_frames_are(tmp_path):
    """Blanks around names made two teams of one, of which none was at home."""
    games, path = baseball(), tmp_path / "games.csv"
    tied = np.arange(games.n_answers) % 9 == 0
    rows = zip(games.winner, games.loser, games.at_home, np.where(tied, "TRUE", "FALSE"), strict=True)
    lines = [f"league; {winner} ;{loser} ; {home};{draw}" for winner, loser, home, draw in rows]
    path.write_text("\n".join(["group;winner;loser;at_home;tied", *lines]))
    found, expected = fit_strengths(Comparisons.from_frame(path)), fit_strengths(replace(games, tied=tied))
    assert (found.parameters, found.log_likelihood) == (("home", "tie"), expected.log_likelihood)
    path.write_text("group,member,policy,rank\nx,1,a,1\nx,1, b,2\nx,2,a ,2\nx,2,b,1\nx,3,a,1\nx,3,b,1\n")
    ranked = Rankings.from_frame(path)
    assert ([list(each) for each in ranked.ranking], ranked.has_ties) == ([["a", "b"], ["b", "a"], ["a", "b"]], True)


def test_equal_ranks_of_a_frame_are_ties():
    rows = [
        ("all", k, one, place) for k, places in enumerate(TIED) for place, best in enumerate(places) for one in best
    ]
    frame = pd.DataFrame(rows, columns=["group", "member", "policy", "rank"]).sample(frac=1, random_state=1)
    found, same = fit_strengths(Rankings.from_frame(frame)), fit_strengths(rankings_of(TIED))
    np.testing.assert_allclose(found.utilities, same.utilities, atol=1e-9)
    assert found.parameters == same.parameters


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e4, 1e9])
def test_units_of_attributes_change_nothing_but_units(factor):
    size = np.column_stack([np.linspace(-1, 1, 7) ** 2, np.arange(7.0)])
    one, other = (fit_strengths(baseball(), attributes=size * [by, 1.0], policies=TEAMS) for by in (1.0, factor))
    scale = np.array([factor, 1.0, 1.0])
    np.testing.assert_allclose(other.coefficients * scale, one.coefficients, rtol=1e-6)
    np.testing.assert_allclose(other.errors * scale, one.errors, rtol=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-9)
