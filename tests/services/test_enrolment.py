"""Enrolment: every picture accounted for, whatever happens in between."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lookalike.bootstrap import Application
from lookalike.domain.errors import InvalidInput, NotFound
from lookalike.domain.log import EntryKind
from lookalike.services.enrolment import ItemReport
from lookalike.sources import BadItem, SourceItem, items
from services.conftest import TODAY, Portraits, World

pytestmark = pytest.mark.faces


def _folder(path: Path, pictures: list[Path]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        (path / picture.name).write_bytes(picture.read_bytes())
    return path


def test_enrolling_twice_changes_nothing_and_says_so(world: World, portraits: Portraits) -> None:
    world.gallery()
    pictures = portraits("gallery", "mated", 5)
    first = world.enrol(pictures)
    entries = world.kinds()
    again = world.enrol(pictures)
    assert (first.enrolled, first.unchanged) == (5, 0)
    assert (again.enrolled, again.unchanged, again.refused) == (0, 5, [])
    assert again.version == first.version
    assert world.kinds() == entries


def test_every_picture_is_enrolled_or_listed_with_its_reason(
    world: World, portraits: Portraits, tmp_path: Path
) -> None:
    good = portraits("gallery", "mated", 3)
    folder = _folder(tmp_path / "in", good)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut.jpg").write_bytes(good[0].read_bytes()[:4000])
    (folder / "page.png").write_bytes(b"<html>not a picture</html>")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "wall.png").write_bytes(_grey())
    world.gallery()
    report = world.enrol([folder])
    assert report.enrolled == 3
    assert {item.key.rsplit("/", 1)[-1]: item.reason for item in report.refused}.keys() == {
        "empty.jpg", "cut.jpg", "page.png", "wall.png",
    }  # fmt: skip
    assert next(item.reason for item in report.refused if item.key.endswith("wall.png")) == "no face found"
    refused = [entry.facts["refused"] for entry in world.entries() if entry.kind is EntryKind.ENROLMENT_COMMITTED]
    assert sum(len(one) for one in refused if isinstance(one, tuple)) == 4


def _grey() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), (118, 118, 118)).save(buffer, "PNG")
    return buffer.getvalue()


def test_provenance_from_a_manifest_reaches_the_candidate(world: World, portraits: Portraits, tmp_path: Path) -> None:
    (picture,) = portraits("gallery", "mated", 1)
    _folder(tmp_path / "in", [picture])
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "path,external_id,source_page,captured,licence\n"
        f"in/{picture.name},sitter-7,https://archive.example/7,2015-06,CC0\n"
    )
    world.gallery()
    world.enrol([tmp_path], manifest=manifest)
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    (candidate,) = world.search().candidates
    assert candidate.external_id == "sitter-7"
    stated = candidate.provenance
    assert (stated.source_page, stated.captured, stated.licence) == ("https://archive.example/7", "2015-06", "CC0")


def test_a_missing_gallery_a_missing_source_and_an_empty_folder_are_errors(
    world: World, portraits: Portraits, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="gallery"):
        world.enrol(portraits("gallery", "mated", 1), "nowhere")
    world.gallery()
    with pytest.raises(NotFound):
        world.enrol([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput):
        world.enrol([tmp_path / "empty"])


def test_an_interruption_keeps_what_was_done_and_the_next_run_goes_on(world: World, portraits: Portraits) -> None:
    world.gallery()
    pictures = portraits("gallery", "mated", 12)

    def interrupted() -> Iterator[SourceItem | BadItem]:
        for number, item in enumerate(items(pictures)):
            if number == 7:
                raise KeyboardInterrupt
            yield item

    service = world.application.enrolment
    report = service.run("archive", interrupted(), actor=world.application.actor, today=TODAY)
    assert report.was_stopped
    kept = report.enrolled
    rest = world.enrol(pictures)
    assert (rest.enrolled, rest.unchanged) == (12 - kept, kept)


def test_two_at_once_on_one_home_end_exact(world: World, portraits: Portraits) -> None:
    world.gallery()
    pictures = portraits("gallery", "mated", 16)
    world.application.recogniser  # noqa: B018  # loaded before the clock of the race starts
    with Application(world.application.settings) as elsewhere:
        other = threading.Thread(target=lambda: World(elsewhere).enrol(pictures[::-1]))
        other.start()
        world.enrol(pictures)
        other.join()
    _, counts = world.application.galleries.show("archive")
    assert (counts.references, counts.faces) == (16, 16)
    assert world.application.checks.log().size == len(world.entries())
    assert world.application.checks.store(actor=world.application.actor).is_sound


@pytest.mark.parametrize("after", [1, 9, 17])
def test_killed_in_the_middle_nothing_is_lost_or_twice(
    world: World, portraits: Portraits, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process, killed with SIGKILL once *after* pictures are durable; then the same command again."""
    world.gallery()
    monkeypatch.setenv("LOOKALIKE_BATCH", "4")
    folder = _folder(world.application.folder.parent / "in", portraits("gallery", "mated", 40))
    command = [sys.executable, "-m", "lookalike.cli.main", "enrol", "archive", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if world.application.galleries.show("archive")[1].references >= after:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    assert process.wait() == -signal.SIGKILL
    _, partial = world.application.galleries.show("archive")
    assert partial.references % 4 == 0
    assert world.application.checks.log().size == len(world.entries())
    report = world.enrol([folder])
    assert report.enrolled + report.unchanged == 40
    assert report.unchanged == partial.references
    _, counts = world.application.galleries.show("archive")
    assert (counts.references, counts.faces) == (40, 40)
    assert world.application.checks.log().size == len(world.entries())


def test_progress_tells_of_each_item_once_it_is_durable(world: World, portraits: Portraits) -> None:
    world.gallery()
    told: list[ItemReport] = []
    seen: list[int] = []

    def progress(item: ItemReport) -> None:
        told.append(item)
        seen.append(world.application.galleries.show("archive")[1].references)

    world.application.enrolment.run(
        "archive",
        items(portraits("gallery", "mated", 5)),
        actor=world.application.actor,
        today=TODAY,
        progress=progress,
    )
    assert [item.key.rsplit("/", 1)[-1] for item in told] == [p.name for p in portraits("gallery", "mated", 5)]
    assert seen == [5] * 5
