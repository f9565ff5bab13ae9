"""Shifts without money: the stored output, line by line, and what it says."""

import os
import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "shifts.py"
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed


def test_the_program_prints_what_is_stored(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    assert printed == STORED.read_text(encoding="utf-8")


def test_less_that_is_asked_costs_no_more():
    text = STORED.read_text(encoding="utf-8")
    rows = [float(cost) for cost in re.findall(r"^  [a-z].*?: (\d\.\d{4}|\d\d\.\d{4})", text, re.MULTILINE)]
    lot, turns, dominant, trusting, paid, known = rows
    assert lot > turns > dominant > trusting > paid >= known
    given = [float(hours) for hours in re.findall(r": ([+-]\d\.\d{3})$", text, re.MULTILINE)]
    chances = [0.4, 0.2, 0.2, 0.2]
    assert abs(sum(chance * hours for chance, hours in zip(chances, given, strict=True))) < 1e-9
