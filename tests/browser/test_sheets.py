"""Sheets in a real browser: boxes on both axes at three zooms, hostile text, narrow windows, style under its policy.

Skipped, visibly, where there is no Chromium on the path.
"""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from conftest_sheets import BOXES, answer_sheet, faces_sheet
from lookalike.reports import answer_html, faces_html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the path")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-extensions",
    "--metrics-recording-only",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
# A page lies in a frame of its own, so that what is measured is the page itself, its policy included.
FRAMES = """<!doctype html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;display:block}</style>
%s<pre id="found"></pre>
<script>
addEventListener("load", () => {
  const place = (each) => { const r = each.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; };
  const found = [...document.querySelectorAll("iframe")].map((frame) => {
    const inside = frame.contentWindow, page = inside.document;
    return {
      needed: page.documentElement.scrollWidth, given: inside.innerWidth,
      hasRun: inside.hasRun === true, widest: inside.getComputedStyle(page.body).maxWidth,
      images: [...page.querySelectorAll("svg.shot image")].map(place),
      boxes: [...page.querySelectorAll("svg.shot")].map((svg) => Object.fromEntries([...svg.querySelectorAll("g")].map(
        (group) => [group.dataset.face, place(group.querySelector(".box"))]))),
    };
  });
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>"""
HEIGHT = 1400

Found = list[dict[str, Any]]


@pytest.fixture
def browser(tmp_path: Path) -> "Browser":
    """Return a browser with a profile of its own."""
    return Browser(tmp_path)


class Browser:
    """What a real browser makes of pages: measures in CSS pixels, and a picture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def measure(self, pages: Sequence[tuple[str, int]], *, zoom: float = 1.0) -> Found:
        """Return the measures of each page, laid out in a frame so many CSS pixels wide."""
        dumped = self._run(pages, zoom, "--virtual-time-budget=4000", "--dump-dom")
        found = re.search(r'<pre id="found">(\[.*?\])</pre>', dumped, re.DOTALL)
        assert found, "the pages did not load"
        measures: Found = json.loads(html.unescape(found[1]))
        return measures

    def picture(self, page: str, width: int, *, zoom: float) -> npt.NDArray[np.uint8]:
        """Return the page as drawn: uint8, shape (rows, columns, 3), RGB."""
        shot = self.folder / "shot.png"
        self._run([(page, width)], zoom, f"--screenshot={shot}")
        with Image.open(shot) as picture:
            return np.asarray(picture.convert("RGB"))

    def _run(self, pages: Sequence[tuple[str, int]], zoom: float, *what: str) -> str:
        framed = self.folder / "framed.html"
        frames = [
            f'<iframe width="{width}" height="{HEIGHT}" srcdoc="{html.escape(page)}"></iframe>' for page, width in pages
        ]
        framed.write_text(FRAMES % "\n".join(frames), encoding="utf-8")
        return subprocess.run(
            (
                str(CHROMIUM),
                *FLAGS,
                f"--user-data-dir={self.folder / 'profile'}",
                f"--window-size=1440,{HEIGHT}",
                f"--force-device-scale-factor={zoom}",
                *what,
                framed.as_uri(),
            ),
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout


@pytest.mark.parametrize(("width", "zoom"), [(1440, 1.0), (1440, 2.0), (720, 1.5), (390, 1.0)])
def test_boxes_lie_where_the_faces_are_on_both_axes(browser: Browser, width: int, zoom: float) -> None:
    page = faces_html(faces_sheet())
    (found,) = browser.measure([(page, width)], zoom=zoom)
    pixels = browser.picture(page, width, zoom=zoom)
    left, top, wide, high = found["images"][0]
    across, down = wide / 1200, high / 900
    assert across == pytest.approx(down, rel=1e-3)
    for number, box in enumerate(BOXES, start=1):
        expected = [left + box.x * across, top + box.y * down, box.width * across, box.height * down]
        assert found["boxes"][0][str(number)] == pytest.approx(expected, abs=0.02)
    for box in BOXES[:2]:  # the third is cut off by the picture's edge
        x0, x1 = (round((left + x * across) * zoom) for x in (box.x, box.x + box.width))
        y0, y1 = (round((top + y * down) * zoom) for y in (box.y, box.y + box.height))
        low, middle = round(y0 + 0.9 * (y1 - y0)), round(x0 + 0.9 * (x1 - x0))
        for x in (x0, x1):
            assert _line_at(pixels[low, :, :], x, zoom), f"no upright edge at {x}"
        for y in (y0, y1):
            assert _line_at(pixels[:, middle, :], y, zoom), f"no level edge at {y}"


def _line_at(row: npt.NDArray[np.uint8], at: int, zoom: float) -> bool:
    """Say whether a white line crosses *row* at *at*, and none a few pixels beside it, where the picture is grey."""
    white = row.min(axis=1) > 225
    reach, beside = round(1.5 * zoom), round(8 * zoom)
    grey = [abs(int(row[at + side * beside].max()) - 200) < 12 for side in (-1, 1)]
    return bool(white[at - reach : at + reach + 1].any()) and any(grey) and not white[at + beside]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 10_000,
        "\u202e\u0627\u0628\u062c\u062f " * 500,
        "<script>hasRun = true</script><img src=x onerror='hasRun = true'>" * 20,
    ],
    ids=["calm", "one long word", "right to left", "markup"],
)
def test_no_text_runs_or_pushes_the_page_sideways(browser: Browser, text: str) -> None:
    pages = (answer_html(answer_sheet(text=text)), faces_html(faces_sheet(text or "a.jpg")))
    widths = (320, 390, 720, 1024, 1440)
    for found in browser.measure([(page, width) for page in pages for width in widths]):
        assert found["given"] in widths
        assert found["needed"] <= found["given"]
        assert not found["hasRun"]


def test_the_style_is_admitted_by_the_pages_own_policy(browser: Browser) -> None:
    page = answer_html(answer_sheet())
    own, changed = browser.measure([(page, 1440), (page.replace("--desk", "--disk", 1), 1440)])
    assert own["widest"] == "1248px"
    assert changed["widest"] == "none"
