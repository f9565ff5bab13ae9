"""Files: whole or not at all, read if they are files; documents that say a thing once; journals that heal."""

import errno
import json
import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import contracts
from contracts.errors import ProblemError
from contracts.inputs.documents import DEEPEST, parse_json, parse_toml
from contracts.inputs.files import open_file, read_bytes, read_text, replacing, write_bytes, write_text
from contracts.inputs.folders import working_in
from contracts.problem.records import read_json
from inference.cli import app

PROBLEM = (
    '[types]\nlabels = ["low", "high"]\nweights = [0.75, 0.25]\nvaluations = [1.0, 2.0]\n[cost]\nkind = "quadratic"\n'
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("problem.toml").write_text(PROBLEM)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="contracts")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def in_a_process(program, *arguments, folder, **options):
    """A program that runs on its own, with no room for files beyond `room` bytes if that is given."""
    room = options.pop("room", None)
    if room is not None:
        program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n" + program
    command = [sys.executable, "-c", program, *map(str, arguments)]
    path = {"PYTHONPATH": str(Path(contracts.__file__).parents[1])}
    return subprocess.run(command, cwd=folder, env=os.environ | path, timeout=120, check=False, **options)


CONTRACTS = "import sys; from inference.cli import app; app(prog_name='contracts')"


# ---- whole or not at all ----


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing_else(folder, monkeypatch, step):
    Path("menu.json").write_text("old")
    monkeypatch.setattr(os, step, full)
    with pytest.raises(ProblemError, match=r"menu.json cannot be written: No space left on device; what was there be"):
        write_text("menu.json", "new")
    assert Path("menu.json").read_text() == "old"
    assert sorted(os.listdir()) == ["menu.json", "problem.toml"]


def test_a_disk_that_is_full_for_real_keeps_the_old_file(folder):
    Path("big").write_text("old")
    program = "from contracts.inputs.files import write_bytes; write_bytes('big', bytes(100_000))"
    done = in_a_process(program, folder=folder, room=4096, capture_output=True, text=True)
    assert "ProblemError: big cannot be written: File too large; what was there before is unchanged" in done.stderr
    assert Path("big").read_text() == "old"
    assert sorted(os.listdir()) == ["big", "problem.toml"]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_answer_is_printed_though_the_disk_is_full(folder, as_json):
    Path("menu.json").write_text("old")
    arguments = ("solve", "problem.toml", "--out", "menu.json", *(["--json"] if as_json else []))
    done = in_a_process(CONTRACTS, *arguments, folder=folder, room=64, stdout=-1, stderr=-1, text=True)
    assert done.returncode == 2
    if as_json:
        assert json.loads(done.stdout)["option_of_type"] == [0, 1]
    else:
        assert done.stdout.startswith("Menu: 2 types, 2 options, value 0.6667")
    assert done.stderr.startswith("Error: menu.json cannot be written: File too large; what was there before is unch")
    assert Path("menu.json").read_text() == "old"
    assert sorted(os.listdir()) == ["menu.json", "problem.toml"]


def test_what_has_room_is_written_though_something_else_has_none(folder, monkeypatch):
    monkeypatch.setattr("contracts.menu.menu.Menu.save", lambda *_: full())
    result = run("solve", "problem.toml", "--out", "menu.json", "--report", "page.html")
    assert result.exit_code == 2
    assert result.stdout.startswith("Menu: 2 types")
    assert result.stderr.startswith("wrote page.html\nError: ")
    assert Path("page.html").exists()


def _interrupted(stream):
    stream.write(b"half of a")
    raise KeyboardInterrupt


def test_an_interrupt_keeps_the_old_file(folder):
    Path("menu.json").write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing("menu.json") as stream:
        _interrupted(stream)
    assert Path("menu.json").read_text() == "old"
    assert sorted(os.listdir()) == ["menu.json", "problem.toml"]


def test_a_process_killed_while_it_writes_leaves_the_old_file(folder):
    Path("menu.json").write_text("old")
    program = "import os, signal; from contracts.inputs.files import replacing\n"
    program += "with replacing('menu.json') as s: s.write(b'half'); s.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    assert in_a_process(program, folder=folder).returncode == -signal.SIGKILL
    assert Path("menu.json").read_text() == "old"
    write_text("menu.json", "new")
    assert Path("menu.json").read_text() == "new"


def _write_often(letter):
    for size in range(1, 60):
        write_bytes("shared", letter * (1000 * size))


def test_many_writers_of_one_file_leave_one_of_their_files(folder):
    letters = [bytes([65 + k]) for k in range(4)]
    write_bytes("shared", b"Z")
    threads = [threading.Thread(target=_write_often, args=(letter,)) for letter in letters[:2]]
    processes = [multiprocessing.get_context("fork").Process(target=_write_often, args=(one,)) for one in letters[2:]]
    for worker in (*processes, *threads):
        worker.start()
    while any(worker.is_alive() for worker in (*processes, *threads)):
        assert len(set(read_bytes("shared"))) == 1, "nobody ever sees a mixture"
    for worker in (*processes, *threads):
        worker.join()
    assert len(set(read_bytes("shared"))) == 1
    assert sorted(os.listdir()) == ["problem.toml", "shared"]


@pytest.mark.slow
def test_two_infer_into_one_parquet_file_leave_a_whole_one(folder):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("ibis")
    run("solve", "problem.toml", "--out", "menu.json")
    Path("choices.csv").write_text("user,option\n" + "".join(f"u{k},{k % 3 - 1}\n" for k in range(2_000)))
    arguments = [sys.executable, "-c", CONTRACTS, "infer", "menu.json", "choices.csv", "--temperature", "1"]
    env = os.environ | {"PYTHONPATH": str(Path(contracts.__file__).parents[1])}
    both = [subprocess.Popen([*arguments, "--out", "found.parquet"], env=env, stdout=-3) for _ in range(2)]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    table = pd.read_parquet("found.parquet")
    assert len(table) == 2_000
    np.testing.assert_allclose(table[["probability[low]", "probability[high]"]].sum(axis=1), 1.0)
    assert not list(Path().glob(".*"))


# ---- the file that is meant ----


def test_a_new_file_has_the_mode_that_the_umask_leaves_and_an_old_one_keeps_its_own(folder):
    old = os.umask(0o027)
    try:
        write_text("new", "text")
        assert stat.S_IMODE(os.stat("new").st_mode) == 0o640
        os.chmod("new", 0o604)
        write_text("new", "other text")
        assert stat.S_IMODE(os.stat("new").st_mode) == 0o604
    finally:
        os.umask(old)


def test_a_link_is_written_through(folder):
    Path("real").mkdir()
    Path("real/menu.json").write_text("old")
    Path("link.json").symlink_to("real/menu.json")
    Path("ahead.json").symlink_to("real/later.json")
    write_text("link.json", "new")
    write_text("ahead.json", "first")
    assert Path("link.json").is_symlink()
    assert Path("ahead.json").is_symlink()
    assert Path("real/menu.json").read_text() == "new"
    assert Path("real/later.json").read_text() == "first"
    assert sorted(os.listdir("real")) == ["later.json", "menu.json"]


def test_devices_and_pipes_are_written_to_and_never_replaced(folder):
    menu = contracts.solve_menu([1.0, 2.0], cost=contracts.Quadratic())
    menu.save(os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    os.mkfifo("pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()
    menu.save("pipe")
    reader.join()
    assert json.loads(read[0]) == menu.to_dict()
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    assert run("solve", "problem.toml", "--out", os.devnull).exit_code == 0
    with pytest.raises(ProblemError, match="No space left on device"):
        write_text("/dev/full", "text")


@pytest.mark.parametrize("name", ["/dev/stdout", "printed.json"])
def test_what_is_saved_where_one_prints_is_printed(folder, name):
    """A file put in place of the one that standard output goes to would take what is printed after it away."""
    program = "import contracts; menu = contracts.solve_menu([1.0, 2.0], cost=contracts.Quadratic()); "
    program += f"print('before'); menu.save({name!r}); print('after')"
    with open("printed.json", "w") as printed:
        assert in_a_process(program, folder=folder, stdout=printed).returncode == 0
    before, *document, after = Path("printed.json").read_text().splitlines()
    assert (before, after) == ("before", "after")
    assert json.loads("".join(document))["engine"] == "ironing"


def test_places_that_cannot_be_written_are_named_with_a_remedy(folder):
    Path("loop").symlink_to("loop")
    for place, words in {
        "nowhere/menu.json": "make the folder nowhere first",
        "problem.toml/menu.json": "Not a directory",
        ".": "name a file in that folder",
        "loop": "Too many levels of symbolic links",
        "x" * 300: "File name too long; choose another place",
        "nul\0l": "'nul\\x00l' is no name of a file",
        "half\ud800": "'half\\ud800' is no name of a file",
    }.items():
        with pytest.raises(ProblemError) as refused:
            write_text(place, "text")
        assert words in str(refused.value)
    result = run("solve", "problem.toml", "--out", "-")
    assert result.exit_code == 2
    assert result.stderr == "Error: --out - names no file: what it would hold is printed with --json\n"


def test_text_that_no_file_can_hold_is_refused_before_the_old_file_is_touched(folder):
    Path("menu.json").write_text("old")
    with pytest.raises(ProblemError, match=r"menu.json cannot hold '\\ud800', half a character"):
        write_text("menu.json", "text \ud800")
    assert Path("menu.json").read_text() == "old"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser meets files of others")
def test_a_file_keeps_its_owner(folder):
    write_text("theirs", "old")
    os.chown("theirs", 1234, 1234)
    write_text("theirs", "new")
    assert (os.stat("theirs").st_uid, os.stat("theirs").st_gid) == (1234, 1234)


# ---- what is read ----


@pytest.fixture
def odd(folder):
    """Things with the names of files that are none: reading them might never end."""
    sock = socket.socket(socket.AF_UNIX)
    for suffix in ("toml", "json", "csv", "parquet", "npz", "jsonl"):
        os.mkfifo(f"pipe.{suffix}")
        Path(f"device.{suffix}").symlink_to("/dev/zero")
        Path(f"folder.{suffix}").mkdir()
    sock.bind("socket.json")
    yield folder
    sock.close()


KINDS = {"pipe": "it is a pipe", "device": "it is a device", "folder": "Is a directory"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_at_once_by_every_command(odd, kind):
    run("solve", "problem.toml", "--out", "menu.json")
    Path("tabled.toml").write_text(f'[types]\nfile = "{kind}.csv"\nvaluations = "a"\n')
    for arguments in (
        ("solve", f"{kind}.toml"),
        ("solve", f"{kind}.json"),
        ("solve", "tabled.toml"),
        ("verify", "problem.toml", f"{kind}.json"),
        ("verify", "problem.toml", f"{kind}.csv"),
        ("infer", f"{kind}.json", "choices.csv"),
        ("infer", "menu.json", f"{kind}.csv"),
        ("pareto", "problem.toml", "--objectives", "profit,number-of-options", "--checkpoint", f"{kind}.npz"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, arguments
        assert result.stdout == ""
        assert KINDS[kind] in result.stderr or "is a folder" in result.stderr, arguments


@pytest.mark.parametrize("kind", [*KINDS, "socket"])
def test_what_is_no_file_is_refused_at_once_by_every_reader(odd, kind):
    import inference
    from inference.language.recorded import RecordedReader
    from inference.society.world import load_society

    words = KINDS.get(kind, "it is a socket")
    readers = [
        contracts.load_menu,
        contracts.load_front,
        inference.load_latent_types,
        load_society,
        read_json,
        open_file,
    ]
    for read in (*readers, RecordedReader.load):
        with pytest.raises(ProblemError, match=words):
            read(f"{kind}.json")
    if kind in ("pipe", "device"):
        with pytest.raises(ProblemError, match=words):
            inference.read_log(f"{kind}.csv", options=2)


def test_text_that_is_not_utf8_is_refused_where_it_breaks(folder):
    Path("latin.txt").write_bytes("prix élevé".encode("latin-1"))
    with pytest.raises(ProblemError, match=r"latin.txt is not UTF-8 text \(invalid continuation byte at byte 5\)"):
        read_text("latin.txt")


# ---- documents ----


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "b": {"c": 2, "c": 2}}', "the key 'c' is given twice"),
        ("[1e400]", "1e400 is larger than any float"),
        ('{"a": "\\ud800"}', r"holds '\ud800', half a character"),
        ('{"\\udc00": 1}', r"holds '\udc00', half a character"),
        ("[" * 100 + "]" * 100, "nested more than 64 deep"),
        ("[" * 100_000 + "]" * 100_000, "nested more than 64 deep"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested more than 64 deep"),
        ("9" * 5000, "4300 digits"),
    ],
)
def test_json_that_cannot_be_meant_is_refused_by_name(text, words):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are checked below
        parse_json(text)
    assert words in str(refused.value)


def test_json_that_is_meant_is_read(folder):
    assert parse_json('{"a": [1e308, -1.5, {"\\ud83d\\ude00": null}], "b": [Infinity]}') == {
        "a": [1e308, -1.5, {"\U0001f600": None}],
        "b": [float("inf")],
    }
    assert parse_json("[" * DEEPEST + "]" * DEEPEST) is not None
    with pytest.raises(ValueError, match="1e400 is larger than any float"):
        parse_toml("a = 1e400")
    assert parse_toml("a = inf") == {"a": float("inf")}
    for deep in ("[" * 100 + "]" * 100, "[" * 50_000 + "]" * 50_000):
        with pytest.raises(ValueError, match="nested more than 64 deep"):
            parse_toml(f"a = {deep}")


def twice(document, path):
    """A document whose table at a path gives its first key twice."""
    if not path:
        (key, value), *rest = document.items()
        pairs = [(key, value), *rest, (key, value)]
        return "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(item)}" for name, item in pairs) + "}"
    parts = [f"{json.dumps(k)}: {twice(v, path[1:]) if k == path[0] else json.dumps(v)}" for k, v in document.items()]
    return "{" + ", ".join(parts) + "}"


@pytest.mark.parametrize("path", [(), ("problem",), ("problem", "cost"), ("certificate",)])
def test_a_menu_that_says_a_thing_twice_is_refused(folder, path):
    menu = contracts.solve_menu([1.0, 2.0], cost=contracts.Quadratic())
    Path("menu.json").write_text(twice(menu.to_dict(), path))
    with pytest.raises(ProblemError, match=r"menu.json is not a readable JSON file: the key '\w+' is given twice"):
        contracts.load_menu("menu.json")
    assert "is given twice" in run("verify", "problem.toml", "menu.json").stderr


@pytest.mark.parametrize("text", ['{"valuations": [1, 2], "valuations": [3, 4]}', '{"cost": {"kind": 1, "kind": 2}}'])
def test_a_problem_that_says_a_thing_twice_is_refused(folder, text):
    Path("problem.json").write_text(text)
    assert "is given twice: keep one" in run("solve", "problem.json").stderr


@pytest.mark.parametrize("number", ["NaN", "1e400", "-1e400"])
def test_numbers_that_are_none_are_refused_in_problem_files(folder, number):
    Path("problem.json").write_text(f'{{"valuations": [1, {number}]}}')
    result = run("solve", "problem.json")
    assert result.exit_code == 2
    assert "nan" in result.stderr or "is larger than any float" in result.stderr


def test_a_saved_gap_that_is_no_number_is_refused(folder):
    record = contracts.solve_menu([1.0, 2.0], cost=contracts.Quadratic()).to_dict()
    for gap in ("NaN", '"1"', "[]"):
        record["certificate"]["requested_gap"] = "here"
        Path("menu.json").write_text(json.dumps(record).replace('"here"', gap))
        with pytest.raises(ProblemError, match="requested_gap"):
            contracts.load_menu("menu.json")


# ---- folders ----


def test_one_process_at_a_time_works_in_a_folder(folder):
    program = "from contracts.inputs.folders import working_in\n"
    program += "with working_in('work/pieces'): print('mine', flush=True); input()"
    env = os.environ | {"PYTHONPATH": str(Path(contracts.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", program], env=env, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(ProblemError, match="another process is at work in work/pieces: wait until it is done"):
            working_in("work/pieces").__enter__()
        result = run("simulate", "scai", "--runs", 2, "--out", "work")
        assert result.exit_code == 2
        assert "another process is at work in work/pieces" in result.stderr
        other.kill()  # the lock dies with its holder
    with working_in("work/pieces") as place:
        (place / "piece").write_text("")
    assert os.listdir("work/pieces") == ["piece"]
    with working_in("nothing"):
        pass
    assert not Path("nothing").exists(), "a folder in which nothing came about"
