"""The experiment on societies whose answer is known: closed forms, placebos, names that mean nothing."""

import numpy as np
import pytest

from contracts.errors import ProblemError
from inference import FoundGroups, SurveyAnswers, people_study
from inference.people.halves import halves, judged
from inference.people.judging import Panel
from inference.people.offers import elicit, offers
from inference.people.results import PLACEBO

CHEAP = ["labels", "labels, open", "menu", "menu at cost"]
A = np.array([1.0, 1.0, 0.0, 0.0])
B = np.array([0.0, 0.0, 1.0, 1.0])


def survey(wanted, sizes, *, labels=None, noise=0.0, rng=None):
    """People of groups who want the same, but for noise."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    answers = np.array(wanted)[group]
    if noise:
        answers = answers + noise * rng.standard_normal(answers.shape)
    names = np.array(labels or [str(k) for k in range(len(sizes))])
    return SurveyAnswers(answers, groups={"side": names[group]})


def effect(study, mechanism, grouping="side"):
    return study.contrast((grouping, mechanism), (grouping, "averaging")).effect


def test_groups_that_agree_within_and_envy_nobody_get_all_that_can_be_had():
    study = people_study(survey([A, B], [40, 20]), "side", rng=np.random.default_rng(1), n_splits=1)
    for mechanism in ("labels", "labels, open", "menu", "robust menu", "menu at cost"):
        assert effect(study, mechanism) == pytest.approx(100, abs=1e-4)
    assert study.explained[0] == pytest.approx(1)
    menu = study.mechanisms.index("menu")
    assert study.meant[0, menu].mean() == 1
    assert study.prefers[0, menu].mean() == 1
    assert study.bound[0] == 0


def test_where_all_want_more_of_the_same_incentives_take_the_whole_gain():
    """Wants A and 2A: whoever chooses takes more, so a menu can only be one policy, at 4/3 on average here.

    Own policies gain f (1 - f) |A|^2 / 2 over the average 4A/3: 2/9. Given open labels everybody takes 2A, which loses
    |2A - 4A/3|^2 / 2 = 4/9 of what the average is worth at their mean.
    """
    rng = np.random.default_rng(1)
    study = people_study(survey([A, 2 * A], [200, 100]), "side", rng=rng, n_splits=2, placebo=False)
    attainable = study.attainable.mean()
    assert attainable == pytest.approx(2 / 9, rel=0.05)  # halves do not have a third of each exactly
    assert effect(study, "labels") == pytest.approx(100, abs=1e-4)
    assert effect(study, "menu at cost") == pytest.approx(100, abs=1e-4)
    assert effect(study, "menu") == pytest.approx(0, abs=0.05)
    assert effect(study, "robust menu") == pytest.approx(0, abs=0.05)
    assert effect(study, "labels, open") == pytest.approx(-100 * (4 / 9) / (2 / 9), rel=0.1)
    assert study.bound[0] == 1
    assert study.incentive_cost[0] == pytest.approx(attainable, rel=0.05)
    assert {one.claim: one.verdict for one in study.verdicts().contrasts}["the menu beats averaging"] != "holds"


def test_labels_gain_the_variance_between_groups_less_what_half_of_the_people_misjudge():
    """Means m_g with errors of variance s^2 / n_g: gain sum f |m_g - m|^2 / 2 - (k - 1) d s^2 / n."""
    rng, noise, sizes = np.random.default_rng(2), 1.0, [200, 100, 100]
    wanted = 0.4 * np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 1], [0, 0, 1, 1, 0]])
    effects = []
    for _ in range(40):
        study = people_study(
            survey(wanted, sizes, noise=noise, rng=rng),
            "side",
            rng=rng,
            n_splits=2,
            mechanisms=["labels"],
            placebo=False,
        )
        effects.append(study.gain_of("side", "labels").mean())
    shares = np.array(sizes) / 400
    between = shares @ ((wanted - shares @ wanted) ** 2).sum(axis=1) / 2
    expected = between - 2 * 5 * noise**2 / 400
    assert np.mean(effects) == pytest.approx(expected, abs=3.5 * np.std(effects) / np.sqrt(40))
    assert abs(np.mean(effects) - between) > abs(np.mean(effects) - expected)


def test_random_groups_gain_nothing_by_labels_and_nothing_by_items_that_choices_did_not_see():
    rng = np.random.default_rng(3)
    noise = SurveyAnswers(rng.standard_normal((300, 8)), groups={"coin": rng.integers(2, size=300)})
    seen = people_study(noise, "coin", rng=rng, n_splits=2, mechanisms=["labels", "menu"])
    unseen = people_study(noise, "coin", rng=rng, n_splits=2, mechanisms=["labels", "menu"], unseen_items=True)
    for grouping in ("coin", PLACEBO):
        assert effect(seen, "labels", grouping) < 0.5
        assert effect(seen, "menu", grouping) > 1  # whoever chooses by noise finds something, if noise is what counts
        assert effect(unseen, "menu", grouping) < 0.5
        assert unseen.contrast((grouping, "menu"), (grouping, "averaging")).verdict != "holds"
    assert abs(seen.explained[0]) < 0.01


def test_names_of_groups_mean_nothing():
    rng = np.random.default_rng(4)
    wanted = [A, B, A + B]
    first = survey(wanted, [40, 30, 20], noise=0.5, rng=np.random.default_rng(5))
    other = SurveyAnswers(
        first.answers, groups={"side": [{"0": "z", "1": "y", "2": "x"}[one] for one in first.groups["side"]]}
    )
    studies = [
        people_study(one, "side", rng=np.random.default_rng(6), n_splits=1, mechanisms=CHEAP, placebo=False)
        for one in (first, other)
    ]
    np.testing.assert_allclose(studies[0].gain, studies[1].gain, atol=1e-6)
    np.testing.assert_allclose(studies[0].meant, studies[1].meant)
    order = rng.permutation(90)
    mixed = first.of_people(order)
    panel, again = (Panel.of(one.answers, balanced=False) for one in (first, mixed))
    for one, two in zip(
        elicit(panel, first.group("side")[1], 3)[:4], elicit(again, mixed.group("side")[1], 3)[:4], strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-12)


def test_answers_missing_at_random_leave_the_gain_where_it_is():
    rng = np.random.default_rng(7)
    whole = survey([A, B], [300, 300], noise=0.3, rng=rng)
    answers = np.hstack([whole.answers, whole.answers])
    gaps = np.where(rng.random(answers.shape) < 0.3, np.nan, answers)
    kept = (~np.isnan(gaps)).sum(axis=1) >= 4
    full = SurveyAnswers(answers, groups=whole.groups)
    some = SurveyAnswers(gaps[kept], groups={"side": np.array(whole.groups["side"])[kept]})
    found = [people_study(one, "side", rng=rng, n_splits=1, mechanisms=CHEAP, placebo=False) for one in (full, some)]
    assert effect(found[1], "labels") == pytest.approx(effect(found[0], "labels"), abs=5)
    assert effect(found[1], "menu") == pytest.approx(effect(found[0], "menu"), abs=5)


def test_answers_with_error_are_judged_as_the_wants_behind_them():
    """Wants are drawn about the group's mean with variance .6, answers add .4: the best guess has the same welfare."""
    rng = np.random.default_rng(8)
    group = rng.integers(2, size=8000)
    mean = np.array([A, B])[group]
    wants = mean + np.sqrt(0.6) * rng.standard_normal(mean.shape)
    answers = wants + np.sqrt(0.4) * rng.standard_normal(mean.shape)
    half, _ = halves(Panel.of(answers, balanced=False), group, unseen_items=False, reliability=0.6, rng=rng)
    made = offers(elicit(half.known, group[half.learn], 2), CHEAP).by_name
    truth = half._replace(tester=Panel.of(wants[half.held], balanced=False))
    naive = half._replace(tester=Panel.of(answers[half.held], balanced=False))
    for name in ("labels", "menu", "menu at cost"):
        gains = [judged(made[name], group[half.held], one).gain.mean() for one in (half, truth, naive)]
        assert gains[0] == pytest.approx(gains[1], abs=0.02)
        if name != "labels":
            assert gains[2] > gains[1] + 0.05


def test_the_averaged_policy_stays_on_offer_so_that_nobody_who_chooses_is_worse_off():
    rng = np.random.default_rng(9)
    study = people_study(
        survey([A, B], [60, 60], noise=1.0, rng=rng),
        ["side", FoundGroups(2, "k-means")],
        rng=rng,
        n_splits=1,
        balanced=True,
    )
    for mechanism in ("labels, open", "menu", "robust menu", "menu at cost"):
        assert study.worse[:, study.mechanisms.index(mechanism)].max() == 0
    assert study.worse[:, study.mechanisms.index("labels")].max() > 0


@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_mixtures_of_programmes_gain_what_the_softmax_says(temperature):
    """Groups that agree within: an own policy is worth T log mean exp(u / T), and labels give everybody theirs."""
    people = survey([A, B], [40, 20])
    study = people_study(
        people, "side", rng=np.random.default_rng(1), n_splits=1, programmes=np.eye(4), temperature=temperature
    )
    assert effect(study, "labels") == pytest.approx(100, abs=1e-4)
    assert effect(study, "menu") == pytest.approx(100, abs=1e-3)
    assert "mixtures of 4 programmes" in str(study)

    def worth(wanted):
        if temperature == 0:
            return wanted.max()
        return temperature * np.log(np.mean(np.exp(wanted / temperature)))

    gain = []
    for side, half in enumerate(
        halves(
            Panel.of(people.answers, balanced=False),
            np.zeros(60, dtype=int),
            unseen_items=False,
            reliability=1.0,
            rng=np.random.default_rng(1),
        )
    ):
        told, other = people.answers[half.learn], people.answers[half.held]
        gain.append(np.mean([worth(one) for one in other]))
        if temperature == 0:
            gain[side] -= other[:, told.mean(axis=0).argmax()].mean()
        else:
            weights = np.exp(told.mean(axis=0) / temperature)
            mixture = weights / weights.sum()
            gain[side] -= (other @ mixture).mean() - temperature * np.sum(mixture * np.log(4 * mixture))
    assert study.attainable.mean() == pytest.approx(np.mean(gain), abs=1e-9)


def test_where_all_like_the_same_programme_and_some_like_it_more_incentives_cost():
    """Whoever chooses does not count the divergence, so that all take the mixture made for those who want it most."""
    study = people_study(
        survey([A, 3 * A], [100, 100]),
        "side",
        rng=np.random.default_rng(1),
        n_splits=1,
        programmes=np.eye(4),
        temperature=1.0,
        placebo=False,
    )
    assert study.bound[0] == 1
    assert study.incentive_cost[0] > 0
    assert effect(study, "labels, open") < effect(study, "menu") + 1e-6
    assert effect(study, "menu at cost") == pytest.approx(100, abs=1e-4)


def test_copies_of_a_person_are_in_one_half_of_a_resample():
    rng = np.random.default_rng(3)
    panel, counts = Panel.of(rng.normal(size=(50, 4)), balanced=False), rng.multinomial(50, np.full(50, 1 / 50))
    for half in halves(panel, np.zeros(50, dtype=int), unseen_items=False, reliability=1.0, rng=rng, counts=counts):
        assert not set(half.learn) & set(half.held)
        everybody = np.concatenate([half.learn, half.held])
        np.testing.assert_array_equal(np.bincount(everybody, minlength=50), counts)
        np.testing.assert_array_equal(half.known.values, panel.values[half.learn])


@pytest.mark.slow
def test_refits_spread_as_surveys_do():
    """Also stated in docs/real-groups.md."""
    rng, wanted = np.random.default_rng(10), 0.3 * np.array([A, B])
    rows = []
    for _ in range(40):
        study = people_study(
            survey(wanted, [100, 100], noise=0.7, rng=rng),
            "side",
            rng=rng,
            n_splits=4,
            mechanisms=["labels", "menu at cost"],
            placebo=False,
            n_resamples=300,
            n_refits=20,
        )
        rows.append([study.contrast(("side", one), ("side", "averaging")) for one in ("labels", "menu at cost")])
    for contrasts in zip(*rows, strict=True):
        truth = np.mean([one.effect for one in contrasts])
        covered = np.mean([one.interval[0] <= truth <= one.interval[1] for one in contrasts])
        spread = np.std([one.effect for one in contrasts], ddof=1)
        assert covered >= 0.86
        assert np.mean([one.detectable for one in contrasts]) / 2.8 == pytest.approx(spread, rel=0.5)


@pytest.mark.slow
def test_intervals_cover_what_such_a_survey_gains_on_average():
    """Also stated in docs/real-groups.md."""
    rng, wanted = np.random.default_rng(10), 0.3 * np.array([A, B])
    rows = []
    for _ in range(60):
        study = people_study(
            survey(wanted, [100, 100], noise=0.7, rng=rng),
            "side",
            rng=rng,
            mechanisms=["labels", "menu at cost"],
            placebo=False,
            n_resamples=300,
        )
        rows.append([study.contrast(("side", one), ("side", "averaging")) for one in ("labels", "menu at cost")])
    for contrasts in zip(*rows, strict=True):
        truth = np.mean([one.effect for one in contrasts])
        covered = np.mean([one.interval[0] <= truth <= one.interval[1] for one in contrasts])
        spread = np.std([one.effect for one in contrasts], ddof=1)
        assert covered >= 0.86
        assert np.mean([one.detectable for one in contrasts]) / 2.8 == pytest.approx(spread, rel=0.35)


def test_a_study_reads_as_a_table_a_frame_and_a_picture():
    rng = np.random.default_rng(11)
    study = people_study(
        survey([A, B], [30, 30], noise=0.5, rng=rng), ["side", FoundGroups(2, "k-means")], rng=rng, n_splits=1
    )
    assert study.n_people == 60
    assert len(study.to_frame()) == 3 * 5
    assert "2 by k-means" in str(study)
    name, least, (low, high) = study.worst_group("side", "menu")
    assert name in ("side 0", "side 1")
    assert low <= least <= high
    assert len(study.verdicts().to_frame()) == 3 * 6 + 2 + 1
    from matplotlib.figure import Figure

    assert len(study.plot(Figure().subplots()).get_yticks()) == 3
    with pytest.raises(ProblemError, match="mechanism is 'lottery'"):
        study.gain_of("side", "lottery")
    with pytest.raises(ProblemError, match="grouping is"):
        study.contrast(("age", "menu"), ("side", "menu"))


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ("age", "no groups 'age'"),
        ([], "names of declared groups"),
        (["side", "side"], "give each once"),
        (3, "names of"),
    ],
)
def test_what_is_no_grouping_is_refused(groups, words):
    with pytest.raises(ProblemError, match=words):
        people_study(survey([A, B], [10, 10]), groups, rng=np.random.default_rng(1), n_splits=1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"programmes": np.ones((2, 3))}, "expected .n_programmes, 4."),
        ({"programmes": np.ones((1, 4))}, "two or more"),
        ({"programmes": np.full((2, 4), np.nan)}, "finite"),
        ({"temperature": -1.0}, "0 or more"),
        ({"n_refits": 1}, "two or more"),
    ],
)
def test_what_is_no_programme_or_too_few_refits_are_refused(fields, words):
    with pytest.raises(ProblemError, match=words):
        people_study(survey([A, B], [10, 10]), "side", rng=np.random.default_rng(1), n_splits=1, **fields)


def test_groups_too_small_to_be_split_are_refused():
    with pytest.raises(ProblemError, match="join it"):
        people_study(survey([A, B], [30, 2]), "side", rng=np.random.default_rng(1), n_splits=1)


def test_where_everybody_wants_the_same_there_is_nothing_to_study():
    with pytest.raises(ProblemError, match="everybody wants the same"):
        people_study(survey([A, A], [20, 20]), "side", rng=np.random.default_rng(1), n_splits=1, mechanisms=[])


def test_mechanisms_are_run_by_name():
    rng = np.random.default_rng(12)
    people = survey([A, B], [20, 20], noise=0.5, rng=rng)
    study = people_study(people, "side", rng=rng, n_splits=1, mechanisms=["menu at cost", "labels"])
    assert study.mechanisms == ("averaging", "labels", "menu at cost")
    assert np.isnan(study.bound).all()
    assert "incentives" not in str(study)
    assert len(study.verdicts().contrasts) == 2
    with pytest.raises(ProblemError, match="no mechanism 'bribe'"):
        people_study(people, "side", rng=rng, mechanisms=["bribe"])
