"""Somebody with the key edits the database or the disk: the check names what was touched."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from lookalike.audit import EMPTY_HEAD, appended
from lookalike.domain.errors import AuditLogBroken, InvalidInput, LookalikeError, MediaDigestMismatch
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
    "a removal undone": "UPDATE reference SET removed_seq = NULL WHERE removed_seq IS NOT NULL",
    "another reference removed": "UPDATE reference SET removed_seq = 6 WHERE id = 1",
    "a template moved to another reference": "UPDATE template SET reference = 2 WHERE face = 1",
    "an actor let in": "INSERT INTO actor SELECT 'os:mallory', added_at, added_seq FROM actor",
    "an original's row taken away": "DELETE FROM blob WHERE sha256 IN (SELECT original FROM exhibit)",
    "a reference copied in": "INSERT INTO reference ({columns}) SELECT {changed} FROM reference WHERE id = 1",
}


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_found(recorded: World, statement: str) -> None:
    if "{columns}" in statement:
        with recorded.application.database._engine.begin() as connection:
            columns = [row[1] for row in connection.execute(text("PRAGMA table_info(reference)"))]
        other = {"id": "id + 100", "external_id": "'smuggled'"}
        statement = statement.format(
            columns=", ".join(columns), changed=", ".join(other.get(name, name) for name in columns)
        )
    assert _edit(recorded, statement) > 0
    with pytest.raises(AuditLogBroken):
        recorded.application.checks.log()


EVIDENCE = (
    "actor", "pack", "gallery", "reference", "face", "template", "case", "exhibit", "exhibit_face", "search",
    "searched_gallery", "candidate", "entry", "log_head",
)  # fmt: skip
NOT_HELD = {
    ("actor", "added_seq"): "the log says at which position",
    ("pack", "accepted_seq"): "the log says at which position",
    ("actor", "added_at"): "the entry's own time says when",
    ("pack", "accepted_at"): "the entry's own time says when",
    ("pack", "accepted_by"): "the entry's own actor says who",
    ("pack", "number"): "a key within the database",
    ("gallery", "registered_seq"): "the log says at which position",
    ("exhibit_face", "position"): "orders the rows; the order itself is held",
    ("searched_gallery", "position"): "orders the rows; the order itself is held",
    ("log_head", "id"): "the one row's own number",
    ("gallery", "name_key"): "derived from the name, for looking it up",
    ("entry", "at"): "a copy for queries; the hashed bytes hold the time",
    ("entry", "actor"): "a copy for queries; the hashed bytes hold the actor",
}


def test_an_edit_of_any_cell_is_found(recorded: World) -> None:
    """Every column of every table of evidence, edited one after another: the check finds it, or says here why not."""
    engine = recorded.application.database._engine
    with engine.begin() as connection:
        tables = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))}
    assert set(EVIDENCE) <= tables
    unseen: list[tuple[str, str]] = []
    for table in EVIDENCE:
        with engine.begin() as connection:
            columns = connection.execute(text(f'PRAGMA table_info("{table}")')).all()
        for _, column, *_ in columns:
            if (table, column) not in NOT_HELD and not _seen(recorded, table, column):
                unseen.append((table, column))
    assert not unseen, unseen


def _seen(recorded: World, table: str, column: str) -> bool:
    """Edit one cell by force, look, and put it back."""
    with recorded.application.database._engine.connect() as connection:
        for pragma in ("query_only = 0", "foreign_keys = 0", "ignore_check_constraints = 1"):
            connection.execute(text(f"PRAGMA {pragma}"))
        connection.commit()
        rowid, before = connection.execute(
            text(f'SELECT rowid, "{column}" FROM "{table}" ORDER BY rowid LIMIT 1')
        ).one()
        put = text(f'UPDATE "{table}" SET "{column}" = :value WHERE rowid = :rowid')
        edited = _other(before)
        try:
            connection.execute(put, {"value": edited, "rowid": rowid})
        except IntegrityError:  # the database itself refuses such an edit
            connection.rollback()
            return True
        connection.commit()
        is_seen = not _is_sound(recorded)
        still = connection.execute(text(f'SELECT count(*) FROM "{table}" WHERE rowid = {rowid}')).scalar_one()
        is_rowid = still == 0  # the cell was the row's own number
        connection.execute(put, {"value": before, "rowid": edited if is_rowid else rowid})
        connection.commit()
        connection.execute(text("PRAGMA ignore_check_constraints = 0"))
        connection.commit()
    assert _is_sound(recorded), f"{table}.{column} was not put back"
    return is_seen


def _is_sound(recorded: World) -> bool:
    try:
        recorded.application.checks.log()
    except LookalikeError:
        return False
    return True


def _other(value: object) -> object:
    if value is None:
        return 1
    if isinstance(value, int):
        return value ^ 1  # another number, and the other truth value
    if isinstance(value, float):
        return value + 0.25
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    return f"{value}x"


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
        connection.execute(text(f"DELETE FROM entry WHERE seq = {report.size - 1}"))
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
