"""The example runs experiments one after another, and leaves a page and rows for each."""

import json
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "social_contract.py"


def test_experiments_leave_a_page_each(tmp_path, capsys):
    """That each of them can be written is tested where they are: tests/inference/social_contract/test_run.py."""
    example = runpy.run_path(str(EXAMPLE))
    names = ("E1", "E7")
    assert set(names) < set(example["DESIGNS"])
    example["main"](tmp_path, 2, tmp_path / "absent", names)
    printed = capsys.readouterr().out
    assert "absent is not here: simulations only" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == list(names)
    for name in names:
        assert f"{name}: {example['DESIGNS'][name].question}" in printed
        assert json.loads((tmp_path / name / "results.json").read_text())
        assert "<svg" in (tmp_path / name / "report.html").read_text()
