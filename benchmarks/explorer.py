"""How long after a slider moves its proven menu is on the screen: python -m benchmarks.explorer [--changes 40].

Drags the explorer's sliders in a headless Chromium, one change after the other, and prints percentiles of the time from
the event to the frame in which the new pictures are shown, with how much of it solving and proving took.
"""

from __future__ import annotations

import argparse
import shutil
import threading
import time
from typing import Any

import numpy as np

from contracts.cli.explore.server import Session, started

CASES: dict[str, tuple[dict[str, float], str, tuple[float, float]]] = {  # where sliders stand; which one moves, how far
    "50 types on a line: spread": ({"types": 50}, "spread", (0.5, 4.0)),
    "50 types on a line: shares": ({"types": 50}, "skew", (-3.0, 6.0)),
    "50 types on a line: cost": ({"types": 50}, "cost", (0.5, 3.0)),
    "50 types on a line: capacity": ({"types": 50}, "capacity", (0.2, 1.5)),
    "50 types on a line: largest transfer": ({"types": 50}, "cap", (0.5, 5.0)),
    "50 types on a line: noise": ({"types": 50}, "noise", (0.02, 1.0)),
    "30 types in two goods: spread": ({"goods": 2, "types": 30}, "spread", (0.5, 4.0)),
    "30 types in two goods: cost": ({"goods": 2, "types": 30}, "cost", (0.5, 3.0)),
    "30 types in two goods: capacity": ({"goods": 2, "types": 30}, "capacity", (0.2, 1.5)),
}
MOVE = """([name, value]) => { const slider = document.querySelector(`[data-name=${name}] input[type=range]`);
  slider.value = value; delete document.body.dataset.shown;
  slider.dispatchEvent(new Event("input", {bubbles: true})); }"""
SHOWN = "() => document.body.dataset.shown || document.body.dataset.failed"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer", description=__doc__)
    parser.add_argument("--changes", type=int, default=40, help="of each slider (40)")
    options = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no browser on the path: install chromium")
    server = started(Session(), None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    from playwright.sync_api import sync_playwright

    print("milliseconds from the change to the frame, of which solving and proving, and processor time of the server")
    print(f"{'':38} {'median':>8} {'p95':>8} {'solved':>8} {'p95':>8} {'CPU':>8} {'p95':>8}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(server.address)
        page.wait_for_selector("body[data-shown]")
        for name, (values, slider, ends) in CASES.items():
            page.click("#reset")
            page.wait_for_timeout(500)
            for other, value in values.items():
                moved(page, other, value)
            moved(page, slider, ends[0])  # once, before anything counts
            times = np.array([moved(page, slider, value) for value in np.linspace(*ends, options.changes)])
            cells = np.quantile(times, (0.5, 0.95), axis=0).T.ravel()
            print(f"{name:38} " + " ".join(f"{cell:8.0f}" for cell in cells), flush=True)
        chromium.close()
    server.shutdown()


def moved(page: Any, name: str, value: float) -> tuple[float, float, float]:
    """Milliseconds until a change is shown, those of solving and proving, and what of the processor they took."""
    start = time.process_time()
    page.evaluate(MOVE, [name, value])
    page.wait_for_function(SHOWN)
    found = page.evaluate("() => ({...document.body.dataset})")
    if "failed" in found:
        raise SystemExit(f"{name} = {value:g} has no menu: {page.inner_text('#error')}")
    return float(found["milliseconds"]), float(found["solved"]), 1e3 * (time.process_time() - start)


if __name__ == "__main__":
    main()
