"""Sweep, verdicts and study: the rule by hand, resumption, the same bytes, and the command."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.errors import ProblemError
from inference.cli import app
from inference.society import SCALES, Cell, Claim, Course, Scale, judged, judged_along, judged_over_time, run_grid
from inference.society.claims import CLAIMS, PROOF, growth_gap, undelivered
from inference.society.grid import pieces
from inference.society.scenarios import MEASURES, joined
from inference.society.study import run_study, societal_study
from inference.society.verdicts import interval, share_interval, verdict_on

TINY = replace(
    SCALES["small"], n_replications=2, piece=1, n_rounds=2, n_societies=1, conflicts=(1.0,), noises=(0.0, 0.2)
)


def made_up(scenario="plain", conflict=0.5, *, averaging=1.0, menu=0.4, count=30, exact=4):
    """A cell with known means: averaging loses `averaging`, the menu `menu`, and scatter that cancels in pairs."""
    scatter = np.random.default_rng(1).normal(size=(2, count))
    names = {"averaging": averaging, "menu": menu, "labels": 0.5, "open labels": 0.4, "robust menu": 0.3}
    values = {name: dict.fromkeys(MEASURES, level + scatter) for name, level in names.items()}
    return Cell(scenario, conflict, (0.0, 0.2), values, np.full(count, 1 / 3), (4, exact, -0.1, 0.2))


def verdict_of(words, cells):
    return next(one for one in judged(cells, seed=1) if words in one.claim)


def grid(**options):
    return [made_up(scenario, conflict, **options) for scenario in ("plain", "shared noise") for conflict in (0.0, 1.0)]


# ---- the rule ----


def test_a_claim_holds_where_every_interval_is_on_its_side():
    found = verdict_of("reduce misalignment", grid())
    assert (found.verdict, found.n_supporting, found.n_cells) == ("holds", 4, 4)
    assert found.effect == pytest.approx(0.6)
    assert found.interval == pytest.approx((0.6, 0.6)), "the scatter is common to both and cancels"
    assert found.not_in == ()


def test_a_claim_is_reversed_where_all_cells_are_against_it_and_mixed_where_some_are():
    assert verdict_of("reduce misalignment", grid(averaging=0.1)).verdict == "reversed"
    mixed = [*grid()[:2], *grid(averaging=0.1)[2:]]
    found = verdict_of("reduce misalignment", mixed)
    assert (found.verdict, found.n_supporting, found.n_against, found.n_cells) == ("mixed", 2, 2, 4)
    assert found.not_in[0].startswith("shared noise, conflict 1, noise 0: -0.300")
    assert found.not_in[0].endswith("against")


def said(*effects, **options):
    """A verdict on effects above 0, one cell each."""
    cells = [(f"cell {number}", np.asarray(effect, dtype=float)) for number, effect in enumerate(effects)]
    return verdict_on(Claim("it is above", "logits", "above 0", **options), cells, np.random.default_rng(1))


SCATTER = np.random.default_rng(3).normal(size=40)
SCATTER = (SCATTER - SCATTER.mean()) / SCATTER.std(ddof=1)  # mean 0, sd 1: se 0.158, t 2.02


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ((1.0, 1.0), "holds"),
        ((-1.0, -1.0), "reversed"),
        ((1.0, -1.0), "mixed"),
        ((1.0, 1.0, -0.35), "mixed"),  # one of them clearly
        ((0.1, -0.1), "undecided"),
        ((1.0, 0.1), "undecided"),  # for in one cell and open in the other: neither shown nor refuted
        ((-1.0, 0.1), "reversed"),  # a claim about all cells is refuted by one
        ((0.4, *[0.0] * 30, -0.4), "undecided"),  # of so many cells without effect one for and one against is chance
        ((0.9, *[0.0] * 30, -0.9), "mixed"),
    ],
)
def test_the_word_says_whether_cells_are_for_against_or_open(means, verdict):
    assert said(*(mean + SCATTER for mean in means)).verdict == verdict


def test_no_difference_is_told_from_no_power():
    precise, exact = 0.001 * SCATTER, np.zeros(40)
    found = said(precise, exact)
    assert (found.verdict, found.n_nil, found.n_against) == ("no difference", 2, 0)
    assert found.detectable < 0.001
    assert said(1.0 + SCATTER, exact).verdict == "mixed", "for in one cell, and in the other known to make none"
    blind = said(SCATTER)
    assert blind.verdict == "undecided"
    assert blind.detectable == pytest.approx((2.0227 + 0.8512) / np.sqrt(40), abs=1e-3), "t quantiles, 39 degrees"
    assert said(5e-6 + 1e-8 * SCATTER).verdict == "no difference", "the tolerance of a solver is no effect"


def test_one_replication_decides_nothing():
    found = said([1.0], [2.0])
    assert (found.verdict, found.detectable) == ("undecided", None)


def test_the_detectable_effect_is_detected_in_four_cases_of_five():
    rng = np.random.default_rng(1)
    effect = said(rng.normal(size=25)).detectable
    typical = (2.0639 + 0.8569) / 5  # for the true sd of 1
    assert effect == pytest.approx(typical, rel=0.3)
    seen = [said(rng.normal(typical, size=25)).verdict == "holds" for _ in range(300)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.07)


def test_a_share_of_none_in_thirty_is_no_certainty():
    assert share_interval(np.zeros(30))[1] == pytest.approx(0.1135, abs=1e-4)  # z^2 / (n + z^2)
    assert said(np.zeros(10), bound=0.1, is_share=True).verdict == "undecided"
    assert said(np.zeros(80), bound=0.1, is_share=True).verdict == "reversed"
    assert said(np.ones(10), bound=0.1, is_share=True).verdict == "holds"


def test_menus_are_judged_against_labels_and_what_is_promised_against_what_is_delivered():
    against = verdict_of("misalignment against labels", grid())
    assert (against.verdict, against.effect) == ("holds", pytest.approx(0.1))
    assert verdict_of("menus against open labels", grid()).verdict == "no difference"
    cell = made_up()
    cell.values["menu"]["promised"] = np.array([[1.0, 2.0], [1.0, 2.0]])
    cell.values["menu"]["hacking"] = np.array([[0.0, 0.1], [0.1, 0.5]])
    np.testing.assert_allclose(undelivered("menu")(cell, 1), [0.0, 0.3])


def test_axes_of_trouble_are_judged_where_they_were_run():
    assert judged_along(grid(), seed=1) == ()
    spread = [made_up("spread 0.25"), made_up("spread 3", averaging=0.2)]
    found = {one.claim: one for one in judged_along([*spread, *grid()], seed=1)}
    assert len(found) == 3
    assert found["Menus reduce misalignment against averaging, at any spread within groups"].verdict == "mixed"
    more = judged_along([made_up("too many types", 1.0, menu=0.5, count=10), *grid()], seed=1)
    assert [(one.verdict, one.n_replications) for one in more] == [("reversed", 10)]
    assert more[0].effect == pytest.approx(0.1, abs=0.5)


def test_a_difference_that_noise_could_make_supports_nothing():
    cells = grid()
    for cell in cells:
        cell.values["menu"]["misalignment"] = 1.0 + np.random.default_rng(7).normal(size=(2, 30))
    found = verdict_of("reduce misalignment", cells)
    assert (found.verdict, found.n_against) == ("undecided", 0), "open cells are not against the claim"
    assert found.detectable > 0.3, "with a scatter of 1 in thirty replications"


def test_a_menu_without_a_proof_is_seen():
    assert verdict_of(PROOF, grid()).verdict == "holds"
    found = verdict_of(PROOF, [*grid()[1:], made_up(exact=3)])
    assert found.verdict == "mixed"
    assert found.not_in == ("1 menus",)


def test_growth_is_measured_from_the_noiseless_level():
    cell = made_up()
    cell.values["averaging"]["harm"] = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    cell.values["menu"]["harm"] = np.array([[1.0, 1.0, 1.0], [1.5, 1.5, 0.0]])
    np.testing.assert_allclose(growth_gap("harm", "averaging", "menu")(cell, 1), [0.5, 1.5, 4.0])


@pytest.mark.parametrize("count", [5, 10, 60])
def test_intervals_cover_the_mean_as_often_as_they_say(count):
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(600):
        low, high = interval(rng.normal(size=count), rng)
        covered.append(low <= 0 <= high)
    assert 0.90 < np.mean(covered) < 0.98


def made_up_course(*, menu=0.1, noticed=True, societies=12):
    """Six rounds with a drift in the fourth: the renewed menu goes back to what it was, the first one does not."""
    scatter = np.random.default_rng(1).normal(size=(societies, 6))
    alarms = np.zeros((societies, 6))
    alarms[:, 4] = noticed
    frozen = np.r_[np.full(4, menu), 0.3, 0.3]
    lost = {"averaging": 0.5 + scatter, "menu": menu + scatter, "menu never renewed": frozen + scatter}
    return Course(lost, np.ones((societies, 6)), alarms, 3)


def test_what_happens_over_time_is_judged_by_the_same_rule():
    found = {one.claim: one for one in judged_over_time({0.5: made_up_course(), 1.0: made_up_course()}, seed=1)}
    assert [one.verdict for one in found.values()] == ["holds"] * 3
    assert [one.effect for one in found.values()] == pytest.approx([0.4, 0.2, 1.0])
    missed = {0.5: made_up_course(), 1.0: made_up_course(noticed=False)}
    noticed = judged_over_time(missed, seed=1)[-1]
    assert (noticed.verdict, noticed.not_in) == ("mixed", ("conflict 1: +0.000 [+0.000, +0.000], no difference",))
    np.testing.assert_array_equal(missed[0.5].delay, np.ones(12))
    assert np.all(missed[1.0].delay == np.inf)


def test_a_drift_in_the_last_round_is_refused_before_anything_is_computed(tmp_path):
    course = made_up_course()
    with pytest.raises(ProblemError, match=r"courses\[0.5\] ends in the round of its drift, round 6"):
        judged_over_time({0.5: replace(course, drift=5)}, seed=1)
    with pytest.raises(ProblemError, match="n_rounds is 2: give 3 or more"):
        run_study(replace(SCALES["small"], n_rounds=2), seed=1, out=tmp_path / "study", n_workers=1, progress=print)
    assert not (tmp_path / "study").exists()


def test_claims_without_their_cells_are_refused():
    with pytest.raises(ProblemError, match="no cell is about the claim 'Menus reduce misalignment"):
        judged([made_up(conflict=0.0)], seed=1)
    assert len({about.claim.words for about in CLAIMS}) == len(CLAIMS)


# ---- the sweep ----


def as_text(swept):
    """Cells and courses, to the bit."""
    courses = {conflict: course.to_dict() for conflict, course in swept.courses.items()}
    return json.dumps([[cell.to_dict() for cell in swept.cells], courses])


def test_pieces_cover_every_replication_once():
    for scale in SCALES.values():
        planned = pieces(scale, 1)
        assert len(set(planned)) == len(planned)
        plain = [
            r for piece in planned if "plain" in piece.scenarios and piece.conflict == 1.0 for r in piece.replications
        ]
        assert plain == list(range(scale.n_replications))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The tiny sweep, in one go and in one process."""
    return as_text(run_grid(TINY, seed=1, folder=tmp_path_factory.mktemp("alone")))


def test_a_stopped_sweep_goes_on_to_the_same_bytes(alone, tmp_path):
    class StoppedError(Exception):
        pass

    def stop(line):
        if line.startswith("1 of 3 cells"):
            raise StoppedError

    with pytest.raises(StoppedError):
        run_grid(TINY, seed=1, folder=tmp_path / "a", progress=stop)
    said = []
    first = run_grid(TINY, seed=1, folder=tmp_path / "a", progress=said.append)
    assert said[0] == "1 of 3 cells were there"
    assert as_text(first) == alone
    assert not list((tmp_path / "a").glob("*.partial"))


def test_pieces_of_another_sweep_and_damaged_ones_are_refused(tmp_path):
    one = replace(TINY, n_replications=1, noises=(0.0,))
    run_grid(one, seed=1, folder=tmp_path)
    with pytest.raises(ProblemError, match="holds another sweep: seed is 1 there and 2 here"):
        run_grid(one, seed=2, folder=tmp_path)
    path = tmp_path / "part-000000.jsonl"
    path.write_text("{")
    with pytest.raises(ProblemError, match="is damaged"):
        run_grid(one, seed=1, folder=tmp_path)
    with pytest.raises(ProblemError, match="n_workers is 0"):
        run_grid(one, seed=1, folder=tmp_path, n_workers=0)


@pytest.mark.slow
def test_worker_processes_compute_what_one_process_does(alone, tmp_path):
    before = dict(os.environ)  # a library that is loaded for the first time may set variables of its own
    shared = run_grid(TINY, seed=1, folder=tmp_path / "b", n_workers=2)
    assert as_text(shared) == alone
    assert dict(os.environ) == before, "only the workers are held to one thread"


def test_cells_put_together_keep_the_order_of_replications():
    one, two = made_up(count=3), made_up(count=2)
    both = joined([one, two])
    assert both.n_replications == 5
    assert both.certified == (8, 8, -0.1, 0.2)
    np.testing.assert_array_equal(both.values["menu"]["harm"][:, :3], one.values["menu"]["harm"])
    assert Cell.from_dict(json.loads(json.dumps(both.to_dict()))).to_dict() == both.to_dict()


# ---- the study ----


@pytest.mark.slow
def test_the_command_writes_verdicts_and_a_page_and_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    tiny = Scale("small", (0.0, 0.5), (0.0, 0.2), 2, piece=2, n_rounds=3, n_societies=2, gap=0.8)
    monkeypatch.setitem(SCALES, "small", tiny)
    for folder in ("a", "b"):
        arguments = ["simulate", "societal", "--scale", "small", "--seed", "1", "--workers", "1"]
        result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / folder)], prog_name="contracts")
        assert result.exit_code == 0, result.output
        if folder == "a":
            shutil.copytree(tmp_path / "a" / "pieces", tmp_path / "b" / "pieces")
    assert "3 of 3 cells were there" in result.stderr
    record = json.loads((tmp_path / "a" / "verdict.json").read_text())
    for one in record:
        assert one["verdict"] in ("holds", "mixed", "reversed", "undecided", "no difference")
        assert one["interval"][0] <= one["effect"] <= one["interval"][1]
        assert one["detectable"] is None or one["detectable"] >= 0
        assert one["replications"] >= 2
    by_claim = {one["claim"]: one for one in record}
    assert by_claim[PROOF]["verdict"] == "holds"
    assert by_claim["Menus reduce misalignment against preference averaging"]["verdict"] == "holds"
    page = (tmp_path / "a" / "report.html").read_text()
    assert "http" not in page
    assert "src=" not in page
    for name in ("verdict.json", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_unknown_scale_and_a_file_in_the_way_are_refused(tmp_path):
    with pytest.raises(ProblemError, match="scale is 'huge': use one of small, default, full"):
        societal_study("huge", out=tmp_path)
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["simulate", "societal", "--out", str(tmp_path / "file")], prog_name="contracts")
    assert result.exit_code == 2
    assert "is a file: name a folder" in result.output
