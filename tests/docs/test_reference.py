"""The reference has every public name, each with an example."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "reference.py"


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("site_reference", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules["site_reference"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["site_reference"]


@pytest.fixture(scope="module")
def pages(reference):
    return reference.pages()


def test_every_public_name_has_its_entry_once_and_a_line_in_the_index(reference, pages):
    wanted = sorted(one.path for one in reference.public_names())
    described = [
        name
        for page, text in pages.items()
        if page != "index"
        for name in re.findall(r"^\.\. py:(?:class|function|data):: ([\w.]+)", text, re.MULTILINE)
    ]
    assert sorted(described) == wanted
    assert sorted(re.findall(r"^:py:obj:`\w+ <([\w.]+)>`$", pages["index"], re.MULTILINE)) == wanted


def test_every_page_is_reached_from_the_index(pages):
    listed = re.findall(r"^   ([\w.-]+)$", pages["index"], re.MULTILINE)
    assert set(pages) - {"index"} <= set(listed)


def test_every_name_has_an_example(reference):
    assert list(reference.without_example()) == []


def test_examples_are_code_and_prose_is_no_markup(reference):
    written = reference.rst("Value |x|* of a_ `name`.\n\nExamples\n--------\n>>> 1 + 1\n2")
    assert r"\|x\|\* of a\_ ``name``" in written
    assert ".. code-block:: pycon\n\n    >>> 1 + 1\n    2" in written
