"""The set-up: pins that no resolver may change, and a Makefile that tells a whole environment from a half-made one.

The Makefile runs here with a Python that only writes down how it is called, so neither network nor wheels are needed;
`.ci/run` does it with real ones.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-data.lock")
ASIDE = ("requirements-docs.lock", "requirements-oldest.lock")  # what builds the site; the oldest versions admitted
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# ---- the locks ----


def entries(lock: str) -> list[str]:
    """One text per pin, its hashes behind it, without comments."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return [entry for entry in text.replace("\\\n", " ").split("\n") if entry.strip()]


def pins(*locks: str) -> list[Requirement]:
    return [Requirement(entry.split("--hash")[0].strip()) for lock in locks for entry in entries(lock)]


@pytest.mark.parametrize("lock", LOCKS + ASIDE)
def test_every_pin_is_one_version_with_hashes(lock):
    assert entries(lock)
    for entry in entries(lock):
        assert re.fullmatch(r"[a-z0-9-]+==[^\s;=*]+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", entry), entry[:80]


@pytest.mark.parametrize("lock", LOCKS + ASIDE)
def test_a_lock_names_no_place(lock):
    assert not re.search(r"://|index-url|find-links|trusted-host|^-[efi]", (ROOT / lock).read_text(), re.MULTILINE)


def test_the_ranges_of_pyproject_admit_the_pins_and_name_nothing_that_is_not_pinned():
    pinned: dict[str, list[Requirement]] = {}
    for pin in pins("requirements.lock", "requirements-docs.lock"):
        pinned.setdefault(pin.name, []).append(pin)
    extras = {name: wanted for name, wanted in PYPROJECT["project"]["optional-dependencies"].items() if name != "spark"}
    groups = [PYPROJECT["project"]["dependencies"], *extras.values(), *PYPROJECT["dependency-groups"].values()]
    for wanted in (Requirement(text) for group in groups for text in group):
        for pin in pinned[canonicalize_name(wanted.name)]:
            version = next(iter(pin.specifier)).version
            assert wanted.specifier.contains(version, prereleases=True), f"{wanted} does not admit {pin}"


@pytest.mark.skipif(not (Path(sys.prefix) / ".complete").exists(), reason="this environment was not made by make setup")
def test_the_environment_holds_what_is_locked_and_nothing_else():
    docs = ("requirements-docs.lock",) if (Path(sys.prefix) / ".complete-docs").exists() else ()  # after `make docs`
    applicable = [pin for pin in pins(*LOCKS, *docs) if pin.marker is None or pin.marker.evaluate()]
    locked = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in applicable}
    installed = {canonicalize_name(found.name): found.version for found in importlib.metadata.distributions()}
    beside = {name for name in installed if name not in locked}
    assert {name: installed.get(name) for name in locked} == locked
    assert beside == {"pip", "menuwright"}


# ---- the Makefile ----

RECORDER = r"""#!/bin/sh
# A Python that notes its calls, is of version $IS, and fails at a call that holds $FAIL_AT.
case "$*" in *"-m "*) printf '%s\n' "$*" >>"$CALLS"; env | grep -E '^(PIP_|PYTHON)' >>"$CALLS.env" ;; esac
case "$*" in
    *"-m venv"*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo "${IS:-(3, 11)}" >.venv/minor ;;
    *ensurepip*) exit "${UNSUITABLE:-0}" ;;
    *version_info*) case "$0" in .venv/*) cat .venv/minor ;; *) echo "${IS:-(3, 11)}" ;; esac ;;
esac
case "${FAIL_AT:-nothing at all}" in
    kill:*) case "$*" in *"${FAIL_AT#kill:}"*) kill -KILL 0 ;; esac ;;
    *) case "$*" in *"${FAIL_AT:-nothing at all}"*) echo 'ERROR: no route to host' >&2; exit 1 ;; esac ;;
esac
"""
WHOLE = [
    "-I -m venv --clear .venv",
    "install --no-deps --require-hashes -r requirements.lock",
    "install --no-deps --no-build-isolation --editable .",
    "check",
    "install --no-deps --require-hashes --ignore-requires-python -r requirements-data.lock",
]


class Checkout:
    """A folder with the Makefile and the pins, and a Python that notes its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", *LOCKS):
            shutil.copy(ROOT / name, folder)
        self.python = folder.parent / "a python"
        self.python.write_text(RECORDER)
        self.python.chmod(0o755)

    def make(self, *arguments: str, **environment: str | None) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """What `make` said, and the calls to venv and pip that it made, without the options that all have."""
        calls = self.folder.parent / "calls"
        calls.write_text("")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "PIP_", "PYTHON"))}
        given = {"PYTHON": str(self.python), "CALLS": str(calls)} | environment
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=kept | {name: text for name, text in given.items() if text is not None},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        options = "-I -m pip --quiet --disable-pip-version-check "
        return done, [line.removeprefix(options) for line in calls.read_text().splitlines()]

    def pip_sees(self) -> Mapping[str, str]:
        lines = (self.folder.parent / "calls.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)


@pytest.fixture
def checkout(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    return Checkout(tmp_path / "with a space, a $(shell false) and 'quotes\" é")


def test_setup_installs_the_pins_without_a_resolver_checks_them_and_says_last_what_is_ready(checkout):
    done, calls = checkout.make("setup")
    assert (done.returncode, done.stderr, calls) == (0, "", WHOLE)
    assert done.stdout.splitlines()[-1] == ".venv is ready: .venv/bin/python, .venv/bin/contracts."


def test_a_second_call_touches_nothing_even_if_times_of_files_changed(checkout):
    checkout.make("setup")
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        (checkout.folder / name).touch()
    done, calls = checkout.make("setup", FAIL_AT="-m pip")
    assert (done.returncode, done.stderr, calls) == (0, "", [])


@pytest.mark.parametrize(
    "place", ["-m venv", "-r requirements.lock", "--editable", "check", "-r requirements-data.lock"]
)
@pytest.mark.parametrize("way", ["", "kill:"])
def test_a_set_up_that_was_interrupted_anywhere_starts_anew(checkout, place, way):
    done, _ = checkout.make("setup", FAIL_AT=way + place)
    assert done.returncode != 0
    assert "is ready" not in done.stdout
    done, calls = checkout.make("setup")
    assert (done.returncode, calls) == (0, WHOLE)


def test_an_environment_that_was_whole_is_not_taken_for_whole_after_an_interrupted_renewal(checkout):
    checkout.make("setup")
    lock = checkout.folder / "requirements.lock"
    before = lock.read_text()
    lock.write_text(before + "another==1.0\n")
    checkout.make("setup", FAIL_AT="kill:-m venv")
    lock.write_text(before)
    assert checkout.make("setup")[1] == WHOLE


def test_a_failure_shows_what_pip_said_and_then_what_to_do(checkout):
    done, _ = checkout.make("setup", FAIL_AT="-r requirements-data.lock")
    said = done.stderr.splitlines()
    assert said[0] == "ERROR: no route to host"
    assert said[1] == "Set-up stopped, for the reason above. When that is mended, call make again: it starts anew."


@pytest.mark.parametrize(
    "change", ["requirements.lock", "requirements-data.lock", "dependency", "folder", "python", "lost"]
)
def test_other_pins_another_folder_another_python_make_the_environment_anew(checkout, change):
    checkout.make("setup")
    given: dict[str, str] = {}
    if change in LOCKS:
        with (checkout.folder / change).open("a") as lock:
            lock.write("another==1.0\n")
    elif change == "dependency":
        project = checkout.folder / "pyproject.toml"
        project.write_text(project.read_text().replace('"numpy>=2.0"', '"numpy>=2.1"'))
    elif change == "folder":
        checkout.folder = checkout.folder.rename(checkout.folder.parent / "moved")
    elif change == "python":
        given["IS"] = "(3, 12)"
    else:
        (checkout.folder / ".venv/bin/python").unlink()
    done, calls = checkout.make("setup", **given)
    assert (done.returncode, calls) == (0, WHOLE)


def test_the_python_of_the_environment_stays_unless_another_is_asked_for(checkout):
    checkout.make("setup", IS="(3, 12)")
    assert checkout.make("setup", PYTHON=None, IS="(3, 11)")[1] == []
    assert checkout.make("setup", IS="(3, 11)")[1] == WHOLE


def test_settings_of_a_tool_in_pyproject_do_not_make_the_environment_anew(checkout):
    checkout.make("setup")
    with (checkout.folder / "pyproject.toml").open("a") as project:
        project.write("\n[tool.another]\nset = true\n")
    assert checkout.make("setup")[1] == []


def test_an_unsuitable_python_is_refused_in_a_sentence_before_anything_is_made(checkout):
    for done, calls in (checkout.make("setup", UNSUITABLE="1"), checkout.make("setup", PYTHON="/nowhere/python")):
        assert (done.returncode, calls) == (2, [])
        assert "Set-up needs Python 3.11 or newer with its module venv" in done.stderr
        assert "make PYTHON=/path/to/python3.11" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize("target", ["setup", "clean"])
def test_an_environment_that_is_a_link_is_replaced_and_what_it_points_to_stays(checkout, target):
    checkout.make("setup")
    (checkout.folder / ".venv").rename(theirs := checkout.folder.parent / "theirs")
    (theirs / "installed").write_text("by somebody else")
    before = {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()}
    (checkout.folder / ".venv").symlink_to(theirs)
    with (checkout.folder / "requirements.lock").open("a") as lock:
        lock.write("another==1.0\n")
    assert checkout.make("setup", UNSUITABLE="1")[0].returncode == 2
    assert (checkout.folder / ".venv").is_symlink()
    assert checkout.make(target)[0].returncode == 0
    assert not (checkout.folder / ".venv").is_symlink()
    assert (checkout.folder / ".venv").exists() == (target == "setup")
    assert {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()} == before


def test_an_activated_environment_is_not_what_the_new_one_is_made_of(checkout):
    checkout.make("setup")
    (checkout.folder / ".venv/.complete").unlink()
    (checkout.folder / ".venv/bin/python3.11").symlink_to("/bin/true")
    (checkout.folder.parent / "python3.11").symlink_to(checkout.python)
    activated = str(checkout.folder / ".venv")
    path = f"{activated}/bin:{checkout.folder.parent}:{os.environ['PATH']}"
    done, calls = checkout.make("setup", PYTHON=None, VIRTUAL_ENV=activated, PATH=path)
    assert (done.returncode, done.stderr, calls) == (0, "", WHOLE)


def test_a_shell_made_for_other_projects_does_not_lead_pip_astray_and_its_index_stays(checkout):
    stray = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PYTHONPATH", "PYTHONHOME")
    kept = {"PIP_CERT": "certificate", "PIP_PROXY": "proxy", "PIP_CONFIG_FILE": "file", "PIP_CACHE_DIR": "cache"}
    hostile = dict.fromkeys(stray, "/elsewhere")
    checkout.make("setup", PIP_USER="1", PIP_REQUIRE_HASHES="1", PIP_CONSTRAINT="/constraints", **hostile, **kept)
    seen = checkout.pip_sees()
    assert not set(stray) & set(seen)
    assert (seen["PIP_USER"], seen["PIP_REQUIRE_HASHES"], seen["PIP_CONSTRAINT"]) == ("0", "0", "/dev/null")
    assert kept.items() <= seen.items()


def test_an_interrupted_clean_leaves_no_record_behind():
    recipe = (ROOT / "Makefile").read_text().split("\nclean:\n")[1]
    assert recipe.startswith("\trm -rf $(RECORD) $(VENV)"), "the record goes first"
