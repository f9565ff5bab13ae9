"""Pages of the reference, written from docstrings: every public name, by rooms, each with an example.

An example is the name's own, one of its methods', that of a public function which makes it, one from the documents, or
that of a class which holds it, in this order. `conf.py` writes the pages before the site is built; `python
docs/reference.py` lists names without any.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

DOCS = Path(__file__).resolve().parent
MODULES = (
    "contracts",
    "contracts.models",
    "contracts.symbolic",
    "contracts.testing",
    "inference",
    "inference.language",
    "inference.society",
)
HEADING = re.compile(r"^ *([A-Z][a-z]+)\n *-{3,} *$", re.MULTILINE)
ENTRIES = {"Parameters", "Attributes", "Returns", "Yields", "Raises"}  # sections of "name : what it is"
LONGEST = 24  # lines of an example from the documents


class Bare(str):
    """An annotation that is written without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Public:
    """A public name and what it stands for."""

    module: str
    name: str
    value: Any

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def words(self) -> str:
        """The docstring; of a plain value none, since that of its class says nothing about it."""
        described = inspect.isclass(self.value) or inspect.isroutine(self.value) or inspect.ismodule(self.value)
        return (inspect.getdoc(self.value) or "") if described else ""

    @property
    def room(self) -> str:
        """The sub-package that the name comes from, of a name at the top of a package."""
        home = getattr(self.value, "__module__", None) or self.module
        return ".".join(home.split(".")[:2]) if self.module in ("contracts", "inference") else self.module

    @cached_property
    def members(self) -> list[tuple[str, Any, Any]]:
        """Name, function and kind of the public methods and properties that are described."""
        found = []
        for name in dir(self.value) if inspect.isclass(self.value) else []:
            kept = inspect.getattr_static(self.value, name)
            inner = (
                getattr(kept, "__func__", None) or getattr(kept, "fget", None) or getattr(kept, "func", None) or kept
            )
            ours = str(getattr(inner, "__module__", "")).split(".")[0] in ("contracts", "inference")
            if not name.startswith("_") and ours and inspect.isroutine(inner) and inner.__doc__:
                found.append((name, inner, kept))
        return found


def public_names() -> list[Public]:
    """Every public name of every public module, but modules themselves."""
    loaded = ((name, importlib.import_module(name)) for name in MODULES)
    everything = (Public(name, each, getattr(module, each)) for name, module in loaded for each in module.__all__)
    return [one for one in everything if not isinstance(one.value, ModuleType)]


# ---- examples ----


@dataclass(frozen=True)
class Examples:
    """Where examples can be found."""

    names: list[Public]
    documents: dict[str, str] = field(
        default_factory=lambda: {path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
    )

    @cached_property
    def makers(self) -> dict[str, str]:
        """For each name of a class, the public function or method with an example that returns such a thing."""
        found: dict[str, str] = {}
        for one in self.names:
            functions = [(one.path, one.value)] if inspect.isroutine(one.value) else []
            functions += [(f"{one.path}.{name}", inner) for name, inner, _ in one.members]
            shown = ">>>" in one.words or (inspect.isroutine(one.value) and self.documented(one.name) is not None)
            for path, function in functions:
                if shown or ">>>" in (function.__doc__ or ""):
                    for word in re.findall(r"\w+", str(getattr(function, "__annotations__", {}).get("return", ""))):
                        found.setdefault(word, path)
        return found

    def of(self, one: Public) -> str | None:
        """The paragraph that shows or names the example; "" if it stands in the docstring, None if there is none."""
        if ">>>" in one.words or any(">>>" in inner.__doc__ for _, inner, _ in one.members):
            return ""
        if one.name in self.makers:
            return f"*Example:* see :py:obj:`{self.makers[one.name]}`, which makes it.\n"
        return self.documented(one.name) or self.held.get(one.name)

    @cached_property
    def held(self) -> dict[str, str]:
        """For each name of a class, the attribute of a class with an example that holds such a thing."""
        found: dict[str, str] = {}
        for one in self.names:
            for attribute, kind in getattr(one.value, "__annotations__", {}).items() if ">>>" in one.words else ():
                for word in re.findall(r"\w+", str(kind)):
                    found.setdefault(word, f"*Example:* see :py:obj:`{one.path}`, whose ``{attribute}`` it is.\n")
        return found

    def documented(self, name: str) -> str | None:
        """An example from the documents."""
        word = re.compile(rf"(?<![\w\"']){re.escape(name)}(?![\w\"'])")
        for page, text in self.documents.items():
            for block in re.findall(r"^ *>>> .*?(?=\n *\n|\n *```)", text, re.MULTILINE | re.DOTALL):
                lines = textwrap.dedent(block).splitlines()
                if any(line.startswith((">>>", "...")) and word.search(line) for line in lines):
                    shown = lines if len(lines) <= LONGEST else [*lines[:LONGEST], "..."]
                    return f"*Example,* from :doc:`/{page}`:\n\n{_code(shown)}"
        return None


# ---- docstrings as reStructuredText ----


def rst(words: str) -> str:
    """A docstring in NumPy's style; whatever could be read as markup in its prose is escaped."""
    first, *parts = HEADING.split(words)
    written = [_prose(first)]
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        body = textwrap.dedent(body.strip("\n"))
        written += [f"**{heading}**\n", _entries(body) if heading in ENTRIES else _prose(body)]
    return "\n".join(written)


def escaped(text: str) -> str:
    """Text in which only quoted code is marked up."""
    parts = re.split(r"(`+)(.+?)\1", text, flags=re.DOTALL)
    for k in range(0, len(parts), 3):
        parts[k] = re.sub(r"([\\*_|`])", r"\\\1", parts[k])
    for k in range(1, len(parts), 3):
        parts[k], parts[k + 1] = "", " ".join(f"``{parts[k + 1].strip()}``\\ ".split("\n"))
    return "".join(parts).replace("``\\ \n", "``\n")


def _prose(text: str) -> str:
    """Paragraphs, lists, formulas that are set in, and examples."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        if lines[0].lstrip().startswith(">>>"):
            blocks.append(_code(textwrap.dedent(block).split("\n")))
        elif all(line.startswith("    ") for line in lines):
            blocks.append("::\n\n" + textwrap.indent(textwrap.dedent(block), "    ") + "\n")
        else:
            blocks.append(_paragraph(lines))
    return "\n".join(blocks)


def _paragraph(lines: list[str]) -> str:
    """A paragraph, or one with a list below it; an example may follow without an empty line."""
    written: list[str] = []
    for k, line in enumerate(lines):
        if line.lstrip().startswith(">>>"):
            return _paragraph(lines[:k]) + "\n" + _code(textwrap.dedent("\n".join(lines[k:])).split("\n"))
        item = re.match(r"[-*] ", line.strip())
        written += ["", ""] if item and not (written and written[-1].startswith("  ")) else []
        written.append(line.strip() if not item else f"- {line.strip()[2:]}")
        if not item and k and any(entry.startswith("- ") for entry in written[:-1]):
            written[-1] = f"  {line.strip()}"
    paragraphs = re.split(r"\n(?=- )|\n\n+", "\n".join(written))
    return "\n\n".join("- " + escaped(p[2:]) if p.startswith("- ") else escaped(p) for p in paragraphs if p) + "\n"


def _entries(body: str) -> str:
    """Parameters, attributes, results and errors, each with what is said about it."""
    items: list[list[str]] = []
    for line in body.split("\n"):
        if line and not line.startswith(" "):
            items.append([line])
        elif items:
            items[-1].append(line)
    written = []
    for item in items:
        name, colon, rest = item[0].partition(" : ")
        said = textwrap.dedent("\n".join(item[1:]))
        if colon:
            said = f"{rest}\n{said}" if said.strip() else rest
        written.append(f"{escaped(name)}\n{textwrap.indent(_prose(said) if said.strip() else '..', '    ')}\n")
    return "\n".join(written)


def _code(lines: list[str]) -> str:
    return ".. code-block:: pycon\n\n" + textwrap.indent("\n".join(lines), "    ") + "\n"


# ---- pages ----


def signature(function: Any, *, bound: bool = False) -> str:
    """Arguments as a caller writes them; nothing where Python does not know them."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    kept = [
        parameter.replace(annotation=Bare(parameter.annotation)) if isinstance(parameter.annotation, str) else parameter
        for parameter in list(found.parameters.values())[bound:]
    ]
    result = Bare(found.return_annotation) if isinstance(found.return_annotation, str) else found.return_annotation
    result = found.empty if inspect.isclass(function) else result
    written = str(found.replace(parameters=kept, return_annotation=result))
    return re.sub(r"<factory>|<[^<>]*>", "...", re.sub(r" at 0x[0-9a-f]+", "", written)).replace("\n", " ")


def entry(one: Public, examples: Examples) -> str:
    """What the reference says about a name."""
    if inspect.isclass(one.value):
        head = f".. py:class:: {one.path}" + ("" if getattr(one.value, "_is_protocol", False) else signature(one.value))
    elif inspect.isroutine(one.value):
        head = f".. py:function:: {one.path}{signature(one.value)}"
    else:
        head = f".. py:data:: {one.path}"
    body = [rst(one.words), examples.of(one) or ""]
    for name, inner, kept in one.members:
        how = "property" if inner is not kept and not isinstance(kept, classmethod | staticmethod) else "method"
        options = "".join(f"\n   :{kind.__name__}:" for kind in (classmethod, staticmethod) if isinstance(kept, kind))
        options = {"\n   :classmethod:": "\n   :classmethod:", "\n   :staticmethod:": "\n   :staticmethod:"}.get(
            options, ""
        )
        call = "" if how == "property" else signature(inner, bound=not isinstance(kept, staticmethod))
        said = textwrap.indent(rst(inspect.getdoc(inner) or ""), "   ")
        body.append(f".. py:{how}:: {one.path}.{name}{call}{options}\n\n{said}")
    return f"{head}\n\n{textwrap.indent(chr(10).join(body), '   ')}\n"


def pages() -> dict[str, str]:
    """Name and text of every page of the reference."""
    names = public_names()
    examples = Examples(names)
    rooms: dict[tuple[str, str], list[Public]] = {}
    for one in names:
        rooms.setdefault((one.module, one.room), []).append(one)
    written = {}
    for (module, room), inside in sorted(rooms.items()):
        title = room if module in ("contracts", "inference") else module
        said = (inspect.getdoc(importlib.import_module(room)) or "").split("\n")[0]
        top = f"{title}\n{'=' * len(title)}\n\n{escaped(said)}\n"
        top += f"Public as ``{module}.``\\ *name*; the examples begin with "
        top += f"``from {module} import *`` and ``import numpy as np``.\n"
        top += "\n" + ", ".join(f":py:obj:`{one.name} <{one.path}>`" for one in inside) + "\n"
        written[f"{module}-{room.split('.')[-1]}"] = "\n".join([top, *(entry(one, examples) for one in inside)])
    return {"index": _index(names, list(written)), **written}


def _index(names: list[Public], written: list[str]) -> str:
    """All names, with the first line of what is said about each."""
    parts = [
        "Reference",
        "=========",
        "",
        "Every public name, from its docstring, with an example. The pages follow the rooms",
    ]
    parts += [
        "of the packages: what is asked, how it is proven, what comes out.",
        "",
        ".. toctree::",
        "   :hidden:",
        "",
    ]
    parts += [f"   {page}" for page in written]
    for module in MODULES:
        parts += ["", module, "-" * len(module), ""]
        for one in (one for one in names if one.module == module):
            said = escaped(one.words.split("\n")[0]) if one.words else "A table of values."
            parts += [f":py:obj:`{one.name} <{one.path}>`", f"   {said.strip()}", ""]
    return "\n".join(parts) + "\n"


def write(folder: Path) -> None:
    """Write the pages; those that are as they were keep their time, so that Sphinx does not read them again."""
    folder.mkdir(exist_ok=True)
    wanted = pages()
    for path in folder.glob("*.rst"):
        if path.stem not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def without_example() -> Iterator[str]:
    """Public names for which no example was found."""
    names = public_names()
    examples = Examples(names)
    return (one.path for one in names if examples.of(one) is None)


if __name__ == "__main__":
    sys.stdout.write("\n".join(without_example()) + "\n")
