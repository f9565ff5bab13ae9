"""The page in a real browser: dragged, typed into, given files, with nobody else on the line."""

import json
import shutil
import threading

import pytest

from contracts.cli.explore.overtaken import Overtaken
from contracts.cli.explore.server import Session, started
from contracts.cli.explore.tabs import menus
from contracts.cli.start.templates import TEMPLATES

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 30_000  # milliseconds, on a machine that does other things too
HOSTILE = '<img src=x onerror="document.title=1">'
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no browser on the path: apt install chromium"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def server():
    found = started(Session(), None)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(server, browser):
    """A fresh page; afterwards its console is empty, and it has asked nobody but this machine."""
    said, asked = [], []
    context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    found.goto(server.address)
    found.wait_for_selector("body[data-shown]")
    yield found
    context.close()
    assert said == []
    own = f"http://127.0.0.1:{server.server_port}/"
    assert [url for url in asked if not url.startswith((own, "data:", f"blob:{own}"))] == []


def after(page, act):
    """What the page shows once it has answered an act."""
    page.evaluate("() => { delete document.body.dataset.shown; delete document.body.dataset.failed; }")
    act()
    page.wait_for_function("() => document.body.dataset.shown || document.body.dataset.failed")
    return page.inner_text("#headline")


def opened(page, name, text):
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": text.encode()})


def test_a_drag_redraws_a_proven_menu(page):
    before = page.inner_text("#headline")
    assert page.url.endswith("/")  # the token is not in the address any more
    slider = page.locator("[data-name=cost] input[type=range]").bounding_box()
    middle = slider["y"] + slider["height"] / 2

    def drag():
        page.mouse.move(slider["x"] + slider["width"] / 5, middle)
        page.mouse.down()
        for share in (0.3, 0.5, 0.7, 0.9):
            page.mouse.move(slider["x"] + slider["width"] * share, middle)
        page.mouse.up()

    assert after(page, drag) != before
    page.wait_for_function("() => document.querySelector('#headline').textContent !== ''")
    assert "✓ Proven. IC and IR hold exactly" in page.inner_text("#proof")
    assert page.input_value("[data-name=cost] input[type=number]") == page.input_value(
        "[data-name=cost] input[type=range]"
    )
    figures = page.evaluate("() => [...document.querySelectorAll('#panels figure')].map((one) => one.dataset.name)")
    assert figures == ["map", "tariff", "rents", "virtual"]
    assert page.locator("figure[data-name=map] .arrows path").count() > 10
    assert page.locator("figure[data-name=map] .line").count() == 2


def test_typing_a_number_and_wrong_ones(page):
    assert "Menu: 3 types" in after(page, lambda: page.fill("[data-name=types] input[type=number]", "3"))
    after(page, lambda: page.fill("[data-name=types] input[type=number]", "300"))
    assert page.inner_text("#error") == "types is 300: give a number from 2 to 60"
    assert "Menu: 3 types" in page.inner_text("#headline")
    assert "Menu: 2 types" in after(page, lambda: page.fill("[data-name=types] input[type=number]", "2"))
    assert page.is_hidden("#error")
    page.click("#hand summary")
    before = page.inner_text("#headline")
    assert after(page, lambda: page.locator("#types input[type=number]").first.fill("0.9")) != before


def test_what_takes_long_is_given_up_for_the_newest_change(page, monkeypatch):
    solve, ended = menus.solve_menu, []

    def endless(problem, progress):
        while problem.n_types > 40:
            try:
                progress("one more round")
            except Overtaken:
                ended.append(problem.n_types)
                raise
        return solve(problem)

    monkeypatch.setattr(menus, "solve_menu", endless)
    at_once = """() => { const box = document.querySelector("[data-name=types] input[type=number]");
      for (const count of [44, 45, 46, 3]) { box.value = count; box.dispatchEvent(new Event("input")); } }"""
    assert "Menu: 3 types" in after(page, lambda: page.evaluate(at_once))
    assert ended == [44], "those between are never asked"
    assert page.is_hidden("#error")


def test_the_keyboard_reaches_everything(page):
    page.focus("#tab-menu")
    assert "Menu: 3 types" in after(page, lambda: page.keyboard.press("ArrowRight"))
    assert page.evaluate("() => document.activeElement.id") == "tab-policies"
    page.focus("[data-name=contrast] input[type=range]")
    before = page.inner_text("#proof")
    after(page, lambda: page.keyboard.press("End"))
    assert page.inner_text("#proof") != before
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([hidden]), svg[role=img]")]
          .filter((one) => !(one.getAttribute("aria-label") || one.ariaLabel || one.textContent)).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("tab", ["policies", "hidden", "auction", "front"])
def test_every_tab_draws_and_proves(page, tab):
    after(page, lambda: page.click(f"#tab-{tab}"))
    assert page.inner_text("#proof").startswith("✓ Proven.")
    assert page.locator("#panels figure svg path").count() > 3
    assert page.get_attribute(f"#tab-{tab}", "aria-selected") == "true"
    assert page.locator("#table tbody tr").count() > 1


def test_files_are_opened_and_names_in_them_stay_text(page):
    text = (
        f"valuations = [1.0, 2.0]\nweights = [0.75, 0.25]\nlabels = ['{HOSTILE}', 'high']\n[cost]\nkind = 'quadratic'\n"
    )
    assert "Menu: 2 types" in after(page, lambda: opened(page, "two.toml", text))
    assert page.inner_text("#opened") == "Opened: two.toml"
    assert page.inner_text("#table tbody tr:first-child td:first-child") == HOSTILE
    assert page.locator("img").count() == 0
    assert page.title() == "contracts explore"
    assert "the agent takes work" in after(page, lambda: opened(page, "a.toml", TEMPLATES["hidden-action"]))
    assert page.get_attribute("#tab-hidden", "aria-selected") == "true"


def test_bad_files_are_answered_with_the_message_and_the_picture_stays(page):
    before = page.inner_text("#headline")
    after(page, lambda: opened(page, "bad.toml", "valuations = [1.0, "))
    assert page.inner_text("#error").startswith("bad.toml is not TOML")
    assert "Traceback" not in page.inner_text("body")
    assert page.inner_text("#headline") == before


def test_results_code_and_figures_are_saved(page, tmp_path):
    def saved(act):
        with page.expect_download() as download:
            act()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    after(page, lambda: page.fill("[data-name=types] input[type=number]", "3"))
    record = json.loads(saved(lambda: page.click("[data-form=json]")).read_text())
    assert record["certificate"]["holds"]
    assert len(record["transfer"]) == 3
    assert saved(lambda: page.click("[data-form=csv]")).read_text().startswith("type,weight,allocation[0],transfer")
    page.click("[data-form=py]")
    page.wait_for_function("() => document.querySelector('#code pre').textContent.includes('solve_menu')")
    assert "contracts.ScreeningProblem(" in saved(lambda: page.click("#keep")).read_text()
    figure = saved(lambda: page.click("figure[data-name=tariff] button >> nth=0")).read_text()
    assert figure.startswith("<svg")
    assert "transfer" in figure
    assert saved(lambda: page.click("figure[data-name=tariff] button >> nth=1")).read_bytes()[1:4] == b"PNG"


def test_a_phone_has_room(page):
    page.set_viewport_size({"width": 400, "height": 800})
    for tab in ("policies", "menu"):
        after(page, lambda tab=tab: page.click(f"#tab-{tab}"))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    slider = page.locator("[data-name=noise] input[type=range]")
    slider.scroll_into_view_if_needed()
    assert slider.bounding_box()["width"] > 150
    picture = page.locator("figure[data-name=map]").bounding_box()
    assert 0 <= picture["y"] < 400  # it stays in sight while the sliders move


def test_dark_rooms_have_dark_pages(page):
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.querySelector('figure svg rect').getAttribute('fill') === '#1c2125'")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"
