"""contracts read-policy: the library's reading in words and in JSON, with exit codes."""

import json

import pytest
from typer.testing import CliRunner

from inference.cli import app
from inference.language import PolicyReading, read_policy

TEXT = "be altruistic when making offers"


def run(*arguments, **options):
    result = CliRunner().invoke(app, ["read-policy", *arguments], prog_name="contracts", **options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_reading_is_printed_as_the_library_has_it():
    result = run(TEXT)
    assert result.exit_code == 0
    assert result.stdout.strip() == str(read_policy(TEXT))


def test_json_and_standard_input_hold_the_same_reading():
    result = run("-", "--json", input=TEXT)
    assert result.exit_code == 0
    assert PolicyReading.from_dict(json.loads(result.stdout)) == read_policy(TEXT)


@pytest.mark.parametrize("text", ["The weather is nice", "Offer 30 dollars", ""])
def test_an_unreadable_text_is_bad_input(text):
    assert run(text).exit_code == 2
    result = run(text, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["kind"] == "UnreadablePolicyError"


def test_a_file_in_place_of_words_is_refused(tmp_path):
    path = tmp_path / "policy.txt"
    path.write_text(TEXT, encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 2
    assert "is a file" in result.output
