"""Draw docs/pictures/answer.png: an answer sheet made from public-domain photographs alone.

The probe is the NASA portrait cut, shrunk and compressed anew, as a picture comes back from the web; both photographs
are enrolled as they are. Needs `make demo` to have fetched its carriers, and Chromium.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from demo import CASE, LOOKALIKE, PACK, PHOTOGRAPHS, ROOT, _json, _take, assert_that
from PIL import Image

WIDTH, HEIGHT = 1200, 1180


def main() -> int:
    """Make the picture; return the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["LOOKALIKE_HOME"] = str(folder / "home")
        os.environ["LOOKALIKE_KEY"] = os.urandom(32).hex()
        (folder / "in").mkdir()
        rows = ["path,external_id,source_page,licence"]
        for name, member in (("astronaut.png", "NASA"), ("grace_hopper.jpg", "US Navy")):
            _take(name, folder / "in")
            source = PHOTOGRAPHS[name][3].replace(",", " ")
            rows.append(f"in/{name},{Path(name).stem},{source},public domain ({member})")
        (folder / "list.csv").write_text("\n".join(rows) + "\n")
        with Image.open(folder / "in" / "astronaut.png") as picture:
            picture.convert("RGB").crop((60, 0, 420, 400)).resize((270, 300)).save(folder / "probe.jpg", quality=60)
        registered = ("--owner", "Demo archive", "--basis", "public domain", "--category", "published")
        stated = ("--purpose", "archive-research", "--matter", "naming sitters", "--basis", "archive statute")
        kind = ("--kind", "photograph", "--origin", "press cutting, as republished")
        sheet = folder / "answer.html"
        for words in (
            ("init",),
            ("models", "add", str(PACK), "--accept-licence"),
            ("gallery", "register", "portraits", *registered, "--purpose", "archive-research"),
            ("enrol", "portraits", str(folder / "in"), "--manifest", str(folder / "list.csv")),
            ("case", "open", CASE, *stated),
            ("exhibit", "add", CASE, str(folder / "probe.jpg"), *kind),
            ("search", "run", CASE, "E1", "--sheet", str(sheet)),
        ):
            subprocess.run([LOOKALIKE, *words], check=True, stdout=subprocess.DEVNULL)
        outcome = _json("case", "show", CASE)["searches"][0]["outcome"]
        assert_that(outcome == "candidates worth review", f"the sheet would say: {outcome}")
        target = ROOT / "docs" / "pictures" / "answer.png"
        target.parent.mkdir(exist_ok=True)
        flags = "--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking"
        subprocess.run(
            [
                "chromium", *flags.split(), "--disable-component-update", "--disable-sync",
                f"--user-data-dir={folder / 'chromium'}", f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={target}", sheet.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
