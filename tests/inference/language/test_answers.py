"""Answers kept in a folder: found again by exactly their question, refused when they are not what was saved."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from contracts.errors import ProblemError
from inference.language import ChatEndpoint, EndpointReader, ReplyError
from inference.language.chat.answers import KeptAnswer, kept_answer
from tests.inference.language.stub import answer, completion, serving

POLICY = "Prioritize the well-being of others."
SCHEMA = {"type": "object"}


def share(found):
    return float(found["share_offered"])


def endpoint(url, folder, **options):
    return ChatEndpoint(
        url, **{"model": "stub", "requests_per_minute": 1e6, "n_retries": 0, "cache": folder, **options}
    )


def test_an_answer_depends_on_all_that_was_asked(tmp_path):
    with serving(lambda request, number: (200, completion(answer(number / 100)))) as (url, requests):

        def ask(base_url=url, system="s", user="u", schema=SCHEMA, temperature=0.0, **options):
            return endpoint(base_url, tmp_path, **options).ask(system, user, schema, share, temperature=temperature)

        variants = [
            {},
            {"model": "other"},
            {"system": "t"},
            {"user": "v"},
            {"system": "su", "user": ""},
            {"schema": {"type": "array"}},
            {"temperature": 0.5},
            {"longest_reply": 500},
            {"base_url": url.replace("127.0.0.1", "localhost")},
        ]
        first = [ask(**one) for one in variants]
        assert first == [(k + 1) / 100 for k in range(len(variants))]
        assert [ask(**one) for one in variants] == first
        assert ask(temperature=0, api_key="another-key-of-mine", timeout=1.0, base_url=f"{url}/") == first[0]
    assert len(requests) == len(variants)


def kept_file(url, folder):
    assert endpoint(url, folder).ask("s", "u", SCHEMA, share) == 0.9
    (file,) = folder.iterdir()
    return file


def damaged(file, how):
    text = file.read_text()
    if how == "cut":
        file.write_text(text[:-9])
    elif how == "empty":
        file.write_text("")
    elif how == "edited":
        file.write_text(text.replace("0.9", "0.1"))
    elif how == "no text":
        file.write_bytes(b"\xff\xfe")
    elif how == "deep":
        file.write_text("[" * 100_000)
    elif how == "other JSON":
        file.write_text(answer(0.9))
    elif how == "more than there was":
        file.write_text(json.dumps({**json.loads(text), "share_offered": 0.1}))
    elif how == "of another question":
        other = kept_answer(file.parent / "other", ["another"])
        other.write(answer(0.1))
        os.replace(other.file, file)
    elif how == "folder":
        file.unlink()
        file.mkdir()
    elif how == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif how == "huge":
        os.truncate(file, 2**27)


HOW = ["cut", "empty", "edited", "no text", "deep", "other JSON", "more than there was", "of another question"]


@pytest.mark.parametrize("how", [*HOW, "folder", "pipe", "huge"])
def test_a_file_that_is_not_what_was_saved_is_refused_and_named(how, tmp_path):
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, requests):
        file = kept_file(url, tmp_path)
        damaged(file, how)
        with pytest.raises(ReplyError, match="was changed since it was saved") as raised:
            endpoint(url, tmp_path).ask("s", "u", SCHEMA, share)
        assert str(file) in str(raised.value)
        assert len(requests) == 1
        if how not in ("folder", "pipe"):
            file.unlink()  # the remedy
            assert endpoint(url, tmp_path).ask("s", "u", SCHEMA, share) == 0.9


def test_a_kept_answer_that_no_longer_validates_is_named(tmp_path):
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, _):
        file = kept_file(url, tmp_path)
        with pytest.raises(ReplyError, match=f"{file.name} no longer validates, delete it"):
            endpoint(url, tmp_path).ask("s", "u", SCHEMA, lambda found: found["other"])


def test_a_key_that_an_old_file_holds_is_not_given_out(tmp_path):
    with serving(lambda request, number: (200, completion(answer(0.9, evidence=["sk-pear-and-plum"])))) as (url, _):
        file = kept_file(url, tmp_path)
        assert "sk-pear" in file.read_text()  # it was no secret then
        with pytest.raises(ReplyError, match="repeats the key") as raised:
            endpoint(url, tmp_path, api_key="sk-pear-and-plum").ask("s", "u", SCHEMA, share)
    assert "sk-pear" not in str(raised.value) + raised.value.reply


def test_only_the_owner_reads_and_nothing_else_is_left(tmp_path):
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, _):
        file = kept_file(url, tmp_path / "made" / "here")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_disk_that_takes_nothing_is_a_warning_and_the_answer_is_given(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    good = serving(lambda request, number: (200, completion(answer(0.9))))
    with good as (url, _), pytest.warns(UserWarning, match="No space left on device.*paid for again"):
        assert endpoint(url, tmp_path).ask("s", "u", SCHEMA, share) == 0.9
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError, match="name a folder"):
        ChatEndpoint("http://127.0.0.1:9/v1", "stub", cache=tmp_path / "file")


def test_many_threads_that_keep_one_answer_leave_one_whole_file(tmp_path):
    kept = kept_answer(tmp_path, ["question"])
    replies = [str(k) * 10_000 for k in range(10)]
    threads = [threading.Thread(target=kept.write, args=(one,)) for one in replies]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert kept.read() in replies
    assert list(tmp_path.iterdir()) == [kept.file]


@pytest.mark.parametrize("reply", ["", "\ud800", "\x00\x1b[31m", "日本", '{"a": 1}\n'])
def test_any_text_is_kept_as_it_is(reply, tmp_path):
    kept = KeptAnswer(Path(tmp_path) / "file", "question")
    assert kept.read() is None
    kept.write(reply)
    assert kept.read() == reply


def test_a_folder_given_as_text_is_a_folder(tmp_path):
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, requests):
        for _ in range(2):
            EndpointReader(endpoint(url, str(tmp_path))).read(POLICY)
    assert len(requests) == 1
