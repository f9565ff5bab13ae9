"""The responders' example prints what is stored, and its menu is the posted offer that theory says it must be."""

import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "ultimatum" / "responders.csv"
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
RELATIVE, PRINTED = 2e-3, 5e-3  # an end is a maximum to 1e-8 nats; shares and errors are printed to the third decimal


def compared(printed, stored):
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", stored).split()
    numbers = [[float(each.replace(",", "")) for each in NUMBER.findall(text)] for text in (printed, stored)]
    np.testing.assert_allclose(*numbers, rtol=RELATIVE, atol=PRINTED)


@pytest.mark.slow
def test_the_example_prints_what_is_stored(capsys):
    if not RECORDED.exists():
        pytest.skip("../shared/data/ultimatum/responders.csv is not here: the example is not run")
    spaces = runpy.run_path(str(ROOT / "examples" / "ultimatum_responders.py"), run_name="__main__")
    printed = capsys.readouterr().out
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    compared(printed, STORED.read_text(encoding="utf-8"))
    # Whoever knows that people differ, and how, predicts their answers best.
    held_out = spaces["held_out"]
    assert held_out.log_likelihood.shape == (4, 500)
    total = dict(zip(held_out.models, held_out.log_likelihood.sum(axis=1), strict=True))
    assert total["intercept only"] == pytest.approx(-6082.4, abs=2.0)
    assert total["pooled logit"] == pytest.approx(-4494.7, abs=5.0)
    assert total["hierarchical, 2 kinds"] > -1710
    for other in ("pooled logit", "intercept only"):
        gain, error = held_out.difference("hierarchical, 2 kinds", other)
        assert gain > 20 * error
    assert held_out.to_frame()["people_predicted_best"].sum() == 500
    # The chance of a deal is the good, expected inequality its price: a posted offer is best (Riley & Zeckhauser 1983).
    menu, single = spaces["menu"], spaces["single"]
    assert menu.certificate.holds
    assert menu.value == pytest.approx(max(single), abs=1e-6)
    posted = spaces["splits"][np.argmax(single)]
    taken = spaces["accepts"] <= posted + 1e-9  # the proudest are not worth what they ask for
    np.testing.assert_allclose(menu.allocation.sum(axis=1), taken, atol=1e-5)
    np.testing.assert_allclose(menu.allocation @ spaces["splits"], posted * taken, atol=1e-5)
