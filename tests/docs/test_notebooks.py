"""The notebooks of the site run, without Jupyter, from the folder where the site runs them."""

import contextlib
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
CELL = re.compile(r"^```\{code-cell\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOKS = sorted(FOLDER.glob("*.md"))


def test_there_is_one_for_every_subject():
    assert len(NOTEBOOKS) == 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_its_claims_hold(path, monkeypatch):
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr(plt, "show", lambda: None)
    cells = CELL.findall(path.read_text(encoding="utf-8"))
    assert any("assert" in cell for cell in cells) or path.stem in {"electricity-contracts", "hidden-action"}
    names: dict[str, object] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for number, cell in enumerate(cells):
            exec(compile(cell, f"{path.name}, cell {number}", "exec"), names)
    if "not at hand" in printed.getvalue():
        pytest.skip("the published data are not at hand")
