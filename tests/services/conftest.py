"""A small world for the services: galleries, cases, and real portraits."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from lookalike.audit import Entry
from lookalike.bootstrap import Application
from lookalike.domain.cases import Exhibit
from lookalike.domain.galleries import Gallery, NewGallery, Purpose, SubjectCategory
from lookalike.domain.log import EntryKind
from lookalike.domain.searches import SearchRecord
from lookalike.services.cases import AddExhibit, OpenCase
from lookalike.services.enrolment import EnrolmentReport
from lookalike.services.searching import SearchCommand
from lookalike.sources import items

TODAY = date(2026, 6, 1)


@dataclass(frozen=True)
class World:
    """Shortcuts to the services of one home, with honest defaults."""

    application: Application

    def gallery(
        self, name: str = "archive", *, purpose: Purpose = Purpose.ARCHIVE_RESEARCH, until: date | None = None
    ) -> Gallery:
        declared = NewGallery(name, "The archive", "Archive statute", SubjectCategory.ARCHIVE, (purpose,), until)
        return self.application.galleries.register(declared, actor=self.application.actor)

    def enrol(self, sources: Sequence[Path], gallery: str = "archive", manifest: Path | None = None) -> EnrolmentReport:
        return self.application.enrolment.run(
            gallery, items(sources, manifest=manifest), actor=self.application.actor, today=TODAY
        )

    def case(self, ref: str = "C-1", purpose: Purpose = Purpose.ARCHIVE_RESEARCH) -> None:
        stated = OpenCase(ref, purpose.value, "naming sitters", "Archive statute", "Ada")
        self.application.cases.open(stated, actor=self.application.actor)

    def exhibit(self, picture: Path, case: str = "C-1") -> Exhibit:
        stated = AddExhibit(case, "photograph", "donated album", picture.name, picture.read_bytes())
        return self.application.exhibits.add(stated, actor=self.application.actor)

    def search(self, exhibit: str = "E1", **changes: object) -> SearchRecord:
        asked: dict[str, object] = {
            "case_ref": "C-1",
            "exhibit_label": exhibit,
            "face": None,
            "galleries": (),
            "limit": 20,
            "as_of": None,
            "target_fpir": 0.01,
        } | changes
        return self.application.searches.run(SearchCommand(**asked), actor=self.application.actor)  # type: ignore[arg-type]

    def entries(self) -> list[Entry]:
        with self.application.database.read() as reading:
            return [Entry.parse(stored.data) for stored in reading.log.entries()]

    def kinds(self) -> list[EntryKind]:
        return [entry.kind for entry in self.entries()]


@pytest.fixture
def world(application: Application) -> World:
    return World(application)


Portraits = Callable[[str, str, int], list[Path]]


@pytest.fixture(scope="session")
def portraits(data_folder: Path) -> Portraits:
    """Return ``portraits(set, role, count)``: the first portraits of a set and role, by id."""
    with (data_folder / "portraits" / "manifest.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["bioguide_id"])

    def choose(folder: str, role: str, count: int) -> list[Path]:
        fitting = [row["file"] for row in rows if row["set"] == folder and row["role"] == role]
        return [data_folder / "portraits" / folder / name for name in fitting[:count]]

    return choose


@pytest.fixture(scope="session")
def group_picture(portraits: Portraits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one picture with three faces side by side: the first three mated probes, from left to right."""
    parts = [Image.open(path).convert("RGB") for path in portraits("probe", "mated", 3)]
    sheet = Image.new("RGB", (sum(part.width for part in parts), max(part.height for part in parts)), (118, 118, 118))
    left = 0
    for part in parts:
        sheet.paste(part, (left, 0))
        left += part.width
    path = tmp_path_factory.mktemp("group") / "group.png"
    sheet.save(path)
    return path
