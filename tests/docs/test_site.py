"""The built site in a browser: nothing from another host, an empty console, a search that finds, at two widths."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "_build" / "html"
CHROMIUM = Path("/usr/bin/chromium")
PAGES = ("index", "tutorial", "notebooks/nonlinear-pricing", "reference/index", "reference/contracts-solve")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built: make docs"),
]


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_another_host():
    spec = importlib.util.spec_from_file_location("site_links", ROOT / "docs" / "links.py")
    links = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(links)
    assert list(links.faults(SITE)) == []


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("there is no browser: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser, request):
    """A page whose requests and complaints are kept; at the end there may be none of either."""
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    opened = context.new_page()
    complaints, elsewhere = [], []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda sent: None if sent.url.startswith(("file:", "data:")) else elsewhere.append(sent.url))
    yield opened
    context.close()
    assert complaints == []
    assert elsewhere == []


@pytest.mark.parametrize("page", [1280, 400], indirect=True)
def test_pages_fit_the_window(page):
    for name in PAGES:
        page.goto((SITE / f"{name}.html").as_uri(), wait_until="load")
        assert page.locator("h1").count() >= 1, name
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_formulas_are_drawn_without_a_script(page):
    page.goto((SITE / "notebooks" / "nonlinear-pricing.html").as_uri())
    box = page.locator("div.formula math").first.bounding_box()
    assert box["height"] > 20
    assert box["width"] > 100


@pytest.mark.parametrize("page", [1280, 400], indirect=True)
def test_search_finds_a_name_without_a_network(page):
    page.goto((SITE / "search.html").as_uri() + "?q=solve_menu")
    first = page.locator("#search-results a").first
    first.wait_for(timeout=60_000)
    assert any("contracts.solve_menu" in href for href in page.locator("#search-results a").evaluate_all(
        "links => links.map(link => link.href)"
    ))  # fmt: skip
