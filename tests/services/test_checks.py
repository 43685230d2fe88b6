"""Somebody with the key edits the database or the disk: the check names what was touched."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from lookalike.audit import EMPTY_HEAD, appended
from lookalike.domain.errors import AuditLogBroken, InvalidInput, MediaDigestMismatch
from lookalike.services.checking import KeptRoot
from services.conftest import Portraits, World

pytestmark = pytest.mark.faces


@pytest.fixture
def recorded(world: World, portraits: Portraits) -> World:
    world.gallery()
    world.enrol(portraits("gallery", "mated", 4))
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    world.search(limit=3)
    mate = portraits("gallery", "mated", 4)[3].stem
    world.application.galleries.remove("archive", mate, reason="withdrawn", actor=world.application.actor)
    return world


def _edit(world: World, statement: str) -> int:
    with world.application.database._engine.begin() as connection:
        connection.execute(text("PRAGMA query_only = 0"))  # what a reader left behind
        return connection.execute(text(statement)).rowcount


def test_an_honest_home_passes(recorded: World) -> None:
    report = recorded.application.checks.log()
    assert report.size == len(recorded.entries())
    assert recorded.application.checks.store(actor=recorded.application.actor).is_sound


EDITS = {
    "a reference renamed": "UPDATE reference SET external_id = 'somebody else' WHERE id = 1",
    "a source page changed": "UPDATE reference SET source_page = 'https://elsewhere.example' WHERE id = 2",
    "a face box moved": "UPDATE face SET box_x = box_x + 1 WHERE id = 1",
    "a removal undone": "UPDATE reference SET removed_seq = NULL WHERE removed_seq IS NOT NULL",
    "another reference removed": "UPDATE reference SET removed_seq = 6 WHERE id = 1",
    "a gallery's purpose widened": "UPDATE gallery SET purposes = '[\"journalism\"]'",
    "a case's requester changed": "UPDATE \"case\" SET requester = 'Nobody'",
    "an exhibit's origin changed": "UPDATE exhibit SET origin = 'found'",
    "a candidate's score raised": "UPDATE candidate SET score = score + 0.1 WHERE rank = 2",
    "a candidate's name changed": "UPDATE candidate SET external_id = 'X' WHERE rank = 1",
    "a search's settings changed": "UPDATE search SET target_fpir = 0.5",
    "an entry's bytes changed": "UPDATE entry SET data = replace(data, 'withdrawn', 'withdrawN') WHERE seq = 8",
    "a reference copied in": (
        "INSERT INTO reference SELECT id + 100, gallery, 'smuggled', original, added_seq, removed_seq,"
        " {rest} FROM reference WHERE id = 1"
    ),
}


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS.keys())
def test_an_edit_of_any_row_is_found(recorded: World, statement: str) -> None:
    if "{rest}" in statement:
        with recorded.application.database._engine.begin() as connection:
            columns = [row[1] for row in connection.execute(text("PRAGMA table_info(reference)"))]
        named = {"id", "gallery", "external_id", "original", "added_seq", "removed_seq"}
        rest = [name for name in columns if name not in named]
        listed = ", ".join(["id", "gallery", "external_id", "original", "added_seq", "removed_seq", *rest])
        statement = statement.format(rest=", ".join(rest)).replace(
            "reference SELECT", f"reference ({listed}) SELECT", 1
        )
    assert _edit(recorded, statement) > 0
    with pytest.raises(AuditLogBroken):
        recorded.application.checks.log()


def _damage_truncate(data: bytes) -> bytes:
    return data[:-1]


def _damage_flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("damage", [_damage_flip, _damage_truncate])
def test_a_damaged_picture_is_found_and_never_shown(recorded: World, damage: Callable[[bytes], bytes]) -> None:
    application = recorded.application
    with application.database.read() as reading:
        row = reading.blobs.get(reading.exhibits.by_label(reading.cases.by_ref("C-1").id, "E1").original)
    (path,) = [p for p in (application.folder / "blobs").rglob("*") if p.is_file() and row.stored_name.endswith(p.name)]
    path.write_bytes(damage(path.read_bytes()))
    report = application.checks.store(actor=application.actor)
    assert not report.is_sound
    assert [finding.subject for finding in report.findings] == [row.sha256]
    with pytest.raises(MediaDigestMismatch):
        recorded.search()


def test_a_picture_that_no_row_names_is_listed_as_harmless(recorded: World) -> None:
    recorded.application.blobs.put(b"left over by a crash")
    report = recorded.application.checks.store(actor=recorded.application.actor)
    assert [finding.kind for finding in report.findings] == ["orphan file"]
    assert report.is_sound


def test_a_log_cut_short_with_its_head_is_found_by_who_kept_a_root(recorded: World) -> None:
    """The administrator's attack: the last act and its entry vanish together, and the head is set back."""
    application = recorded.application
    report = application.checks.log()
    kept = KeptRoot(report.size, report.root)
    assert application.checks.log(kept=kept).size == report.size
    with application.database.read() as reading:
        head = EMPTY_HEAD
        for stored in reading.log.entries(0, report.size - 1):
            head = appended(head, stored.leaf)
    with application.database._engine.begin() as connection:
        connection.execute(text("PRAGMA query_only = 0"))  # what a reader left behind
        connection.execute(text("UPDATE reference SET removed_seq = NULL"))
        connection.execute(text("UPDATE gallery SET version = 4"))  # the enrolment's position
        connection.execute(text(f"DELETE FROM entry WHERE seq = {report.size - 1}"))  # noqa: S608
        peaks = b"".join(head.peaks)
        connection.execute(
            text("UPDATE log_head SET size = :size, peaks = :peaks"), {"size": head.size, "peaks": peaks}
        )
    assert application.checks.log().size == report.size - 1
    with pytest.raises(AuditLogBroken, match="cut or rewritten"):
        application.checks.log(kept=kept)


@pytest.mark.parametrize("noted", ["", "5", "5:xyz", "-1:" + "a" * 64, "5:" + "a" * 63])
def test_what_is_no_kept_root_is_refused(noted: str) -> None:
    with pytest.raises(InvalidInput):
        KeptRoot.parse(noted)
