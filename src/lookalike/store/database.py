"""The database of a home: made, opened, read and written.

Only services open a unit; what a unit writes becomes visible together, with its audit entries, or not at all.
"""

import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, inspect, select, text

from lookalike.domain.errors import Conflict, IntegrityError, NotFound, WrongKey
from lookalike.store import schema
from lookalike.store.cases import Cases, Exhibits, WritableCases, WritableExhibits
from lookalike.store.engines import (
    PATIENCE_S,
    damage,
    make_engine,
    sqlite_path,
    start_reading,
    start_writing,
    sync_folder,
)
from lookalike.store.failures import ROLLED_BACK, database_failures, disk_failures
from lookalike.store.galleries import Galleries, WritableGalleries
from lookalike.store.keys import MasterKey
from lookalike.store.log import Log, WritableLog
from lookalike.store.references import References, WritableReferences
from lookalike.store.registers import Actors, Blobs, Packs, WritableActors, WritableBlobs, WritablePacks
from lookalike.store.sealing import EncryptedVectorSeal, VectorSeal
from lookalike.store.searches import Searches, WritableSearches
from lookalike.store.statements import Statements

_NOTHING_MADE = "No database was made."
_UPGRADING = 0x6C6F6F6B  # the number of the advisory lock that lets one process at a time upgrade


class Reading:
    """A consistent snapshot of the database; what others commit meanwhile is not seen."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self.actors = Actors(statements)
        self.blobs = Blobs(statements)
        self.cases = Cases(statements)
        self.exhibits = Exhibits(statements)
        self.galleries = Galleries(statements)
        self.log = Log(statements)
        self.packs = Packs(statements)
        self.references = References(statements)
        self.searches = Searches(statements)

    def totals(self) -> dict[str, int]:
        """Count the rows that entries of the log tell of; for holding the one against the other."""
        gone = schema.reference.c.removed_seq.is_not(None)
        counted = {
            "actors": select(func.count()).select_from(schema.actor),
            "packs": select(func.count()).select_from(schema.pack),
            "galleries": select(func.count()).select_from(schema.gallery),
            "references": select(func.count()).select_from(schema.reference),
            "removed references": select(func.count()).select_from(schema.reference).where(gone),
            "cases": select(func.count()).select_from(schema.case),
            "exhibits": select(func.count()).select_from(schema.exhibit),
            "searches": select(func.count()).select_from(schema.search),
        }
        return {name: self._statements.scalar(query) for name, query in counted.items()}


class Unit(Reading):
    """One transaction that writes; the only one at a time."""

    actors: WritableActors
    blobs: WritableBlobs
    cases: WritableCases
    exhibits: WritableExhibits
    galleries: WritableGalleries
    log: WritableLog
    packs: WritablePacks
    references: WritableReferences
    searches: WritableSearches

    def __init__(self, statements: Statements) -> None:  # each attribute is the writable kind of the one it replaces
        super().__init__(statements)
        self.actors = WritableActors(statements)
        self.blobs = WritableBlobs(statements)
        self.cases = WritableCases(statements)
        self.exhibits = WritableExhibits(statements)
        self.galleries = WritableGalleries(statements)
        self.log = WritableLog(statements)
        self.packs = WritablePacks(statements)
        self.references = WritableReferences(statements)
        self.searches = WritableSearches(statements)


class Database:
    """An open database; safe to use from many threads.

    Made by `open_database`.
    """

    def __init__(self, engine: Engine, seal: VectorSeal, patience_s: float) -> None:
        self._engine = engine
        self._seal = seal
        self._patience_s = patience_s

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        """Open a transaction that writes: committed durably on a clean exit, rolled back on any exception.

        Raises:
            Unavailable: Another writer did not finish in time, or the database cannot be reached.
            StorageFull: The disk took no more; nothing of the unit was kept.
            IntegrityError: A fact was to be committed without its entry in the log, or after a failed statement.
        """
        with database_failures():
            connection = self._engine.connect()
        with connection:
            with database_failures("Nothing was begun."):
                start_writing(connection, self._patience_s)
            statements = Statements(connection, self._seal)
            yield Unit(statements)  # an exception in here leaves the block, and closing the connection rolls back
            if statements.has_failed:
                raise IntegrityError(
                    "A statement of this transaction failed, and the transaction went on regardless.",
                    kept=ROLLED_BACK,
                    remedy="Report this as a defect.",
                )
            with database_failures():
                try:
                    connection.commit()
                except BaseException:
                    connection.invalidate()  # SQLite leaves a transaction open that it would not commit
                    raise

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """Open a snapshot to read from.

        Raises:
            Unavailable: The database cannot be reached.
        """
        with database_failures():
            connection = self._engine.connect()
        with connection:
            with database_failures("Nothing was begun."):
                start_reading(connection)
            yield Reading(Statements(connection, self._seal))

    def damage(self) -> tuple[str, ...]:
        """Read an SQLite file through, page by page, and say what is wrong; for a check of the whole home.

        A server keeps watch over its own files: there, nothing is read and nothing is said.
        """
        if self.dialect != "sqlite":
            return ()
        with database_failures("Nothing was changed."), self._engine.connect() as connection:
            return damage(connection)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with database_failures():
            self._engine.dispose()


def create_database(url: str, key: MasterKey) -> None:
    """Make the database that *url* names, at this release's schema, for *key* alone.

    An SQLite file is made aside and linked into place when it is whole and durable; a PostgreSQL database must exist
    and be empty, and gets everything in one transaction.

    Raises:
        Conflict: There is something there already.
        StorageFull: The disk is full.
        Unavailable: The folder or the server cannot be written to.
    """
    path = sqlite_path(url)
    if path is None:
        with _bare_connection(make_engine(url, key), _NOTHING_MADE) as connection:
            _fill(connection, key)
        return
    if path.exists():
        raise Conflict(f"There is a file {path} already.", remedy="Choose another home.", path=str(path))
    try:
        with disk_failures(_NOTHING_MADE):
            aside = Path(tempfile.mkdtemp(prefix=".creating-", dir=path.parent))
    except FileNotFoundError as error:
        raise NotFound(f"There is no folder {path.parent}.", kept=_NOTHING_MADE, remedy="Make it first.") from error
    try:
        new = aside / path.name
        with disk_failures(_NOTHING_MADE):
            os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with _bare_connection(make_engine(f"sqlite:///{new}", key), _NOTHING_MADE) as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _fill(connection, key)
        with disk_failures(_NOTHING_MADE):
            _link(new, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def open_database(url: str, key: MasterKey, *, patience_s: float = PATIENCE_S) -> Database:
    """Open the database that *url* names.

    Args:
        url: ``sqlite:///`` with an absolute path, or ``postgresql+psycopg://USER@HOST/NAME``.
        key: The key that it was created with.
        patience_s: How long a writer waits for its turn, in seconds.

    Raises:
        NotFound: There is no database.
        WrongKey: *key* does not open it.
        Conflict: Its schema is older or newer than this release's.
        Unavailable: It cannot be reached.
    """
    path = _existing(url)
    engine = make_engine(url, key, patience_s=patience_s)
    try:
        with database_failures("Nothing was changed."), engine.connect() as connection:
            _check_key(connection, key)
            _check_revision(connection)
    except BaseException:
        engine.dispose()
        raise
    seal = VectorSeal() if path else EncryptedVectorSeal(key.derive(b"templates"))
    return Database(engine, seal, patience_s)


def upgrade_database(url: str, key: MasterKey) -> None:
    """Bring an older database to this release's schema, in one transaction; a current one is left as it is.

    Raises:
        NotFound: There is no database.
        WrongKey: *key* does not open it.
        Conflict: It was made by a newer release.
    """
    _existing(url)
    with _bare_connection(make_engine(url, key), "The database is as it was.") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADING})
        _check_key(connection, key)
        _refuse_newer(_revision(connection))
        _upgrade(connection)


@contextmanager
def _bare_connection(engine: Engine, kept: str) -> Iterator[Connection]:
    """Lend one connection for work on the schema; commit on a clean exit, and close everything."""
    try:
        with database_failures(kept), engine.connect() as connection:
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def _fill(connection: Connection, key: MasterKey) -> None:
    if inspect(connection).has_table("home") or inspect(connection).has_table("alembic_version"):
        raise Conflict("There is a database already.", remedy="Choose another home, or an empty database.")
    _upgrade(connection)
    connection.execute(insert(schema.home).values(id=1, key_check=key.derive(b"key check")))
    connection.execute(insert(schema.log_head).values(id=1, size=0, peaks=b""))
    counters = [{"name": name, "last": 0} for name in ("gallery", "reference", "face")]
    connection.execute(insert(schema.id_counter), counters)


def _upgrade(connection: Connection) -> None:
    from lookalike.store.revisions import upgrade  # noqa: PLC0415 -- Alembic is needed by nothing else, and slow

    upgrade(connection)


def _link(new: Path, path: Path) -> None:
    descriptor = os.open(new, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(new, path)
    except FileExistsError as error:
        raise Conflict(f"There is a file {path} already.", remedy="Choose another home.", path=str(path)) from error
    sync_folder(path.parent)


def _existing(url: str) -> Path | None:
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise NotFound(f"There is no database {path}.", remedy="Run: lookalike init", path=str(path))
    return path


def _check_key(connection: Connection, key: MasterKey) -> None:
    if not inspect(connection).has_table("home"):
        raise NotFound("There is a database, but not one of this project.", remedy="Run: lookalike init")
    kept = connection.execute(select(schema.home.c.key_check)).scalar()
    if kept is None or not hmac.compare_digest(bytes(kept), key.derive(b"key check")):
        raise WrongKey("The key does not open this database.", remedy="Give the key that the home was created with.")


def _revision(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _check_revision(connection: Connection) -> None:
    found = _revision(connection)
    _refuse_newer(found)
    if found != schema.REVISION:
        raise Conflict(
            f"The database has schema {found}, and this release needs {schema.REVISION}.",
            remedy="Make a backup, then upgrade the database.",
            found=found,
            needed=schema.REVISION,
        )


def _refuse_newer(found: str) -> None:
    if found > schema.REVISION:
        raise Conflict(
            f"The database has schema {found}, which is newer than this release's {schema.REVISION}.",
            remedy="Use the release that the database was last opened with, or a newer one.",
            found=found,
            needed=schema.REVISION,
        )
