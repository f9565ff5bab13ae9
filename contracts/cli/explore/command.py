"""The command `contracts explore`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from contracts.cli.commands import answering, note
from contracts.errors import ContractError

WARM = {"goods": 2.0, "types": 4.0, "capacity": 0.5}  # sliders that need the solver whose import takes longest


def explore(
    problem: Annotated[
        Path | None,
        typer.Argument(metavar="PROBLEM", readable=False, help="Problem file, .toml or .json, to begin with."),
    ] = None,
    *,
    port: Annotated[
        int | None, typer.Option(metavar="N", help="Port of this machine to serve on; by default the first free one.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, or only print its address.")
    ] = True,
) -> None:
    """Serve a page on this machine: menus, contracts and auctions redrawn and proven while you drag."""
    with answering(as_json=False) as answer:
        from contracts.cli.explore.opened import opened_path
        from contracts.cli.explore.server import Session, started

        server = started(Session(None if problem is None else opened_path(problem)), port)
        answer.give(server.address)
        sys.stdout.flush()
        note("the page is for this machine only, and whoever has its address; end with Ctrl-C")
        threading.Thread(target=_warm, daemon=True).start()
        if browser and sys.stdout.isatty():
            import webbrowser

            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            note("ended")
        finally:
            server.server_close()


def _warm() -> None:
    """Load the solvers before the first slider moves; what fails here fails again, and is told, on the page."""
    from contextlib import suppress

    from contracts.cli.explore.answers import draw

    with suppress(ContractError):
        draw({"tab": "menu", "values": WARM})
