"""The example runs every experiment and leaves a page and rows for each."""

import json
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "social_contract.py"


@pytest.mark.slow
def test_every_experiment_leaves_a_page(tmp_path, capsys):
    main = runpy.run_path(str(EXAMPLE))["main"]
    main(tmp_path, 2, recorded=tmp_path / "absent")
    assert "absent is not here: simulations only" in capsys.readouterr().out
    for k in range(1, 9):
        assert json.loads((tmp_path / f"E{k}" / "results.json").read_text())
        assert "<svg" in (tmp_path / f"E{k}" / "report.html").read_text()
