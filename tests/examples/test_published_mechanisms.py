"""The example asks libraries that are there, and says which are not: here none is, or one that is played."""

import importlib
import importlib.metadata
import runpy
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "published_mechanisms.py"


@pytest.fixture
def example():
    return runpy.run_path(str(EXAMPLE))


def without(monkeypatch, names):
    """As if these modules were not installed."""
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def winner(bids):
    """To the first of the largest bids."""
    return np.arange(len(bids)) == np.argmax(bids)


def price(bids):
    """The largest bid below the largest: not the second price where two tie."""
    below = [bid for bid in bids if bid != max(bids)]
    return np.max(below) * winner(bids)


def played_auction(monkeypatch):
    """A library of the name and the rules of one that sells by sealed bids."""
    modules = {name: ModuleType(name) for name in ("sold", "sold.allocate", "sold.pay")}
    modules["sold.allocate"].first_price = winner
    modules["sold.pay"].second_price = price
    modules["sold.pay"].first_price = lambda bids: np.array(bids) * winner(bids)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_libraries_that_are_absent_are_named_with_what_to_install(example, monkeypatch, capsys):
    without(monkeypatch, ["sold", "matching", "matching_algorithms", "socialchoicekit"])
    example["main"]()
    printed = capsys.readouterr().out
    for library in example["ASKED"]:
        assert f"{library}: skipped" in printed
        assert f"pip install --no-deps {library}" in printed


def test_a_library_that_is_there_is_asked_everything(example, monkeypatch, capsys):
    without(monkeypatch, ["matching", "matching_algorithms", "socialchoicekit"])
    played_auction(monkeypatch)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0")
    example["main"]()
    printed = capsys.readouterr().out
    for check in example["ASKED"]["sold"]:
        assert f"sold 0.0: {check.__doc__}" in printed
    assert "agent 1 of type '6' reports '2' where the others are ('1')" in printed  # who pays its bid bids less
    assert "agent 0 of type '3' reports '2' where the others are ('2', '1')" in printed
    assert "not checked: fn raised ValueError" in printed
