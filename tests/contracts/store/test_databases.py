"""Making, opening and upgrading databases, on both dialects."""

import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from conftest_store import KEY, append
from lookalike.domain.errors import Conflict, IntegrityError, InvalidInput, NotFound, Unavailable, WrongKey
from lookalike.store import Database, MasterKey, create_database, open_database, upgrade_database
from lookalike.store.engines import make_engine
from lookalike.store.revisions import newest_revision
from lookalike.store.schema import METADATA, REVISION

OTHER_KEY = MasterKey(bytes(32))


@contextmanager
def raw(url: str) -> Iterator[Connection]:
    """Lend a connection past the store's own interface; commits."""
    engine = make_engine(url, KEY)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_made_opened_and_found_again(empty_url: str, dialect: str) -> None:
    create_database(empty_url, KEY)
    for size in range(2):
        database = open_database(empty_url, KEY)
        assert database.dialect == dialect
        with database.begin() as unit:
            assert unit.log.head().size == size
            append(unit)
        database.close()


def test_the_wrong_key_opens_nothing(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WrongKey):
        open_database(url, OTHER_KEY)
    with pytest.raises(WrongKey):
        upgrade_database(url, OTHER_KEY)
    open_database(url, KEY).close()
    assert capfd.readouterr() == ("", "")  # the cipher's own log stays silent


def test_a_database_is_made_once(url: str) -> None:
    database = open_database(url, KEY)
    with database.begin() as unit:
        append(unit)
    database.close()
    for key in (KEY, OTHER_KEY):
        with pytest.raises(Conflict):
            create_database(url, key)
    database = open_database(url, KEY)
    with database.read() as reading:
        assert reading.log.head().size == 1
    database.close()


def test_there_is_nothing_to_open(empty_url: str) -> None:
    for open_ in (open_database, upgrade_database):
        with pytest.raises(NotFound):
            open_(empty_url, KEY)
    create_database(empty_url, KEY)  # looking has left nothing behind


def test_an_older_schema_is_named(url: str) -> None:
    with raw(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(Conflict, match="0000") as caught:
        open_database(url, KEY)
    assert "upgrade" in caught.value.remedy


def test_a_newer_schema_is_named(url: str) -> None:
    with raw(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for open_ in (open_database, upgrade_database):
        with pytest.raises(Conflict, match="newer"):
            open_(url, KEY)


def test_upgrading_a_current_database_changes_nothing(url: str) -> None:
    upgrade_database(url, KEY)
    open_database(url, KEY).close()


def test_migrations_and_metadata_agree(url: str) -> None:
    assert newest_revision() == REVISION
    with raw(url) as connection:
        options = {"compare_type": True, "compare_server_default": True, "target_metadata": METADATA}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []


def test_migrations_and_metadata_make_the_same_database(url: str, request: pytest.FixtureRequest, dialect: str) -> None:
    """Every table, check, key and index alike, also what Alembic does not compare: conditions and deferral."""
    if dialect == "sqlite":
        plain = f"{url}.plain"
        Path(plain.removeprefix("sqlite:///")).touch()
    else:
        plain = request.getfixturevalue("postgresql").empty()
    with raw(plain) as connection:
        METADATA.create_all(connection)
    assert described(url) == described(plain)


def described(url: str) -> list[Any]:
    queries = {
        "sqlite": ["SELECT name, replace(replace(sql, char(9), ''), char(10), '') FROM sqlite_master"],
        "postgresql": [
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            """SELECT table_name || '.' || column_name, (data_type, is_nullable, column_default)::text
            FROM information_schema.columns WHERE table_schema = 'public'""",
        ],
    }
    with raw(url) as connection:
        rows = [row for query in queries[connection.dialect.name] for row in connection.execute(text(query))]
    # SQLite keeps the words of the statement, in which constraints may stand in any order
    parts = [(str(name), sorted(re.split(", (?=CONSTRAINT)", str(row).removesuffix(")")))) for name, row in rows]
    return sorted(each for each in parts if "alembic" not in each[0])


@pytest.mark.parametrize(
    "address",
    ["sqlite:///relative.db", "sqlite://", "mysql://x/y", "", "postgresql://x/y", "postgresql+psycopg://h:x/y"],
)
def test_an_address_that_cannot_be_used(address: str) -> None:
    with pytest.raises(InvalidInput):
        create_database(address, KEY)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unavailable) as caught:
        open_database("postgresql+psycopg://nobody:secret@/x?host=/nowhere&connect_timeout=1", KEY)
    assert "secret" not in str(caught.value.diagnostics())


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def sqlite_database(migrated_file: Path, tmp_path: Path) -> Iterator[tuple[Path, Database]]:
    path = tmp_path / "a folder é%?#" / "lookalike.db"
    path.parent.mkdir()
    path.write_bytes(migrated_file.read_bytes())
    database = open_database(f"sqlite:///{path}", KEY)
    yield path, database
    database.close()


def test_files_are_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "lookalike.db"
    create_database(f"sqlite:///{path}", KEY)
    assert [each.name for each in tmp_path.iterdir()] == ["lookalike.db"]
    database = open_database(f"sqlite:///{path}", KEY)
    with database.begin() as unit:
        append(unit)
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}
    database.close()


def test_nothing_is_legible_on_the_disk(sqlite_database: tuple[Path, Database]) -> None:
    path, database = sqlite_database
    with database.begin() as unit:
        append(unit, b"a planted marker")
    with database.read() as reading:
        assert next(reading.log.entries()).data == b"a planted marker"
        for each in path.parent.iterdir():
            content = each.read_bytes()
            assert b"planted marker" not in content
            assert b"SQLite format" not in content
            assert b"CREATE TABLE" not in content


def test_safety_settings_hold(sqlite_database: tuple[Path, Database]) -> None:
    _, database = sqlite_database
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 15_000}
    with database.read() as reading:
        run = reading._statements._connection.exec_driver_sql
        assert {name: run(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_a_flipped_bit_anywhere_in_the_file_is_noticed(sqlite_database: tuple[Path, Database]) -> None:
    path, database = sqlite_database
    with database.begin() as unit:
        for number in range(100):
            append(unit, bytes(2000) + bytes([number]))
    assert database.damage() == ()
    database.close()
    content = path.read_bytes()
    # page 1 opens the file; the very first bytes, its salt, decide about every page
    places = [0, 15, 16, 1000, *range(16_384, len(content), 16_384 - 777), len(content) - 1]
    for place in places:
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << place % 8
        path.write_bytes(spoiled)
        try:
            damaged = open_database(f"sqlite:///{path}", KEY)
        except IntegrityError:
            assert place >= 16_384
        except WrongKey:
            assert place < 16_384
        else:
            assert damaged.damage(), place
            damaged.close()


def test_damage_met_while_reading_is_an_integrity_error(sqlite_database: tuple[Path, Database]) -> None:
    path, database = sqlite_database
    with database.begin() as unit:
        for number in range(100):
            append(unit, bytes(2000) + bytes([number]))
    database.close()
    content = bytearray(path.read_bytes())
    for place in range(10 * 16_384, len(content), 16_384):
        content[place + 5000] ^= 1
    path.write_bytes(content)
    damaged = open_database(f"sqlite:///{path}", KEY)
    with pytest.raises(IntegrityError), damaged.read() as reading:
        list(reading.log.entries())
    damaged.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        create_database(f"sqlite:///{tmp_path / 'nowhere' / 'lookalike.db'}", KEY)


def test_migrations_run_from_an_installed_wheel(tmp_path: Path) -> None:
    project = Path(__file__).parents[3]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    code = (
        "import lookalike.store as store; assert 'installed' in store.__file__;"
        f"store.create_database('sqlite:///{tmp_path}/new.db', store.MasterKey(bytes(32)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=True)
    open_database(f"sqlite:///{tmp_path}/new.db", MasterKey(bytes(32))).close()
