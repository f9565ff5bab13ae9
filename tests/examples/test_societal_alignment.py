"""The example prints what is stored: numbers to the digits that are shown, verdicts to the letter."""

import os
import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from inference.society import Scale

mpl.use("Agg")

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed
NUMBER = re.compile(r"[-+]?\d+\.\d+")
TINY = Scale(
    "tiny",
    (0.0, 0.5),
    (0.0, 0.2),
    2,
    piece=2,
    axis_conflicts=(0.5,),
    n_axis_replications=1,
    probe_noises=(0.2,),
    n_probes=1,
    probe_gap=0.4,
    n_rounds=4,
    n_societies=2,
    gap=0.4,
)  # every kind of line
LAST_DIGIT = 2e-3  # answers are drawn, so rounding in an estimate may move what is shown by a unit or two


@pytest.mark.slow
def test_the_example_prints_what_is_stored_and_writes_its_report(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import societal_alignment

    societal_alignment.main(TINY, str(tmp_path / "out"))
    sys.modules.pop("societal_alignment")
    printed = re.sub(r"gap \S+; engine.*", "gap ...", capsys.readouterr().out)
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    stored = STORED.read_text(encoding="utf-8")
    assert NUMBER.sub("#", re.sub(" +", " ", printed)) == NUMBER.sub("#", re.sub(" +", " ", stored))
    shown, expected = (list(map(float, NUMBER.findall(text))) for text in (printed, stored))
    assert shown == pytest.approx(expected, abs=LAST_DIGIT)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 9
    assert "http" not in page
