"""The comparison of latent types with a general optimiser runs, and both find the same maximum."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_both_methods_find_the_same_log_likelihood_and_the_library_is_faster(tmp_path):
    command = [sys.executable, "-m", "benchmarks.latent", "--starts", "1", "--out", str(tmp_path / "latent.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "latent.json").read_text(encoding="utf-8"))
    ours, theirs = record["rows"]
    assert ours["log_likelihood"] == pytest.approx(theirs["log_likelihood"], abs=1e-3)
    assert record["ratio"] > 5
    assert f"BFGS takes {record['ratio']:.0f} times as long" in done.stdout
