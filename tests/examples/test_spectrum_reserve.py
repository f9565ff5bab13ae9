"""A licence for sale: the stored output, line by line, and what it says."""

import os
import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "spectrum_reserve.py"
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed


def test_the_program_prints_what_is_stored(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    assert printed == STORED.read_text(encoding="utf-8")


def test_the_order_of_designs_is_what_theory_says():
    rows = re.findall(r": ([\d.]+), ", STORED.read_text(encoding="utf-8"))
    posted, plain, reserve, best, _, one_more, *_ = map(float, rows)
    assert max(posted, plain) < reserve < best
    assert one_more > plain
