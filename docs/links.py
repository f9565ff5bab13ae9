"""Links of a built site: `python docs/links.py docs/_build/html` fails if one leads nowhere or asks another host.

Links that a reader follows may lead anywhere; what a browser fetches by itself has to be in the site.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """What a page fetches, where it leads, and which of its parts can be led to."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.led: list[str] = []
        self.anchors: set[str] = {"", "top"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.led.append(found["href"])
        elif tag in FETCHED and FETCHED[tag] in found and found.get("rel") != "canonical":
            self.fetched.append(found[FETCHED[tag]])


@cache
def read(path: Path) -> Page:
    """A page, read once."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def faults(site: Path) -> Iterator[str]:
    """What is wrong, one line a link."""
    for path in sorted(site.rglob("*.html")):
        page = read(path)
        for link in [*page.fetched, *page.led]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.fetched and parts.scheme != "data":
                    yield f"{path.relative_to(site)}: fetches {link} from another host"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{path.relative_to(site)}: {link} leads to no file"
            elif target.suffix == ".html" and unquote(parts.fragment) not in read(target).anchors:
                yield f"{path.relative_to(site)}: {link} leads to no part of the page"


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1]).resolve()))
    sys.stderr.write("".join(f"{line}\n" for line in found))
    sys.exit(bool(found))
