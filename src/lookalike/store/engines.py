"""Connections to the two databases, set up the one way this project uses them."""

import os
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from lookalike.domain.errors import InvalidInput, Unavailable
from lookalike.store.keys import MasterKey

SQLITE_PREFIX = "sqlite:///"
POSTGRESQL_PREFIX = "postgresql+psycopg://"
PATIENCE_S = 15.0
"""How long a writer waits for its turn."""
_OLDEST_SQLITE = (3, 51, 3)
BINARY = "binary"
"""The execution option that asks for rows in binary, where a driver has the choice."""
_POOL = 8
_PAGE_BYTES = 16_384


def sqlite_path(url: str) -> Path | None:
    """Return the file that *url* names, or ``None`` for a database server.

    Raises:
        InvalidInput: Neither ``sqlite:///`` with an absolute path nor ``postgresql+psycopg://``.

    Example:
        >>> sqlite_path("sqlite:////srv/lookalike/lookalike.db")
        PosixPath('/srv/lookalike/lookalike.db')
    """
    if url.startswith(SQLITE_PREFIX):
        path = Path(url.removeprefix(SQLITE_PREFIX))
        if not path.is_absolute():
            raise InvalidInput(f"The database address needs an absolute path, not {str(path)!r}.")
        return path
    if url.startswith(POSTGRESQL_PREFIX):
        return None
    raise InvalidInput(
        "The database address names no database that is supported.",
        remedy=f"Give {SQLITE_PREFIX} with an absolute path, or {POSTGRESQL_PREFIX}USER@HOST/NAME.",
    )


def make_engine(url: str, key: MasterKey, *, patience_s: float = PATIENCE_S) -> Engine:
    """Return a pool of connections, for many threads; none is opened yet.

    Error messages never hold parameters: those are names, addresses and templates.

    Args:
        url: As `sqlite_path` takes it.
        key: Opens an SQLite file; the file's key is derived from it.
        patience_s: How long a writer waits for its turn, in seconds.
    """
    path = sqlite_path(url)
    if path is not None:
        return _sqlite_engine(path, key, patience_s)
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidInput("The database address cannot be read.", remedy="Check it for typing errors.") from error
    engine = create_engine(
        address, pool_size=_POOL, max_overflow=_POOL, pool_timeout=patience_s, pool_pre_ping=True, hide_parameters=True
    )
    event.listen(engine, "before_cursor_execute", _ask_for_binary)
    return engine


def _ask_for_binary(_connection: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    """Have psycopg fetch in binary where a statement asks for it: bytes come in half the size."""
    if context is not None and context.execution_options.get(BINARY):
        from psycopg.pq import Format  # noqa: PLC0415 -- loaded by then, and never where SQLite is used

        cursor.format = Format.BINARY


def _sqlite_engine(path: Path, key: MasterKey, patience_s: float) -> Engine:
    if sqlcipher.sqlite_version_info < _OLDEST_SQLITE:
        raise Unavailable(
            f"SQLite {sqlcipher.sqlite_version} can corrupt a database that two processes write to.",
            remedy="Install sqlcipher3 with SQLite 3.51.3 or newer.",
        )
    file_key = key.derive(b"database").hex()

    def connect() -> Any:
        # `mode=rw` never creates a file: making one is `create_database`'s work.
        uri = f"{path.as_uri()}?mode=rw"
        connection = sqlcipher.connect(uri, uri=True, timeout=patience_s, isolation_level=None, check_same_thread=False)
        try:
            _set_up(connection, file_key)
        except BaseException:
            connection.close()
            raise
        return connection

    return create_engine(
        "sqlite+pysqlite://",
        module=sqlcipher,
        creator=connect,
        poolclass=QueuePool,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_timeout=patience_s,
        hide_parameters=True,
    )


def _set_up(connection: Any, file_key: str) -> None:
    """Open the file with its key, and choose safety over speed.

    The key is raw, so that no password stretching is done at every connection. Pages of 16 KiB with HMAC-SHA256:
    measured quicker than SQLCipher's 4 KiB with HMAC-SHA512 for reading templates, at the same strength. Both belong to
    the file: it cannot be opened with others.
    """
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would print to the terminal; errors are raised anyway
    connection.execute(f"PRAGMA key = \"x'{file_key}'\"")
    connection.execute("PRAGMA cipher_compatibility = 4")
    connection.execute(f"PRAGMA cipher_page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")
    if not connection.execute("PRAGMA cipher_version").fetchone():
        raise Unavailable("This SQLite does not encrypt.", remedy="Install the sqlcipher3 wheel.")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read shows whether the key fits
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON").fetchone()
    connection.execute("PRAGMA trusted_schema = OFF")


def start_writing(connection: Connection, patience_s: float) -> None:
    """Make the connection's transaction the only one that writes.

    On PostgreSQL by locking the log's head row first: what is read afterwards is what the writer before committed, and
    the order of the log is the order of commits.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.execution_options(isolation_level="READ COMMITTED")
    connection.begin()
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience_s * 1000)}")
    connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
    connection.execute(text("SELECT size FROM log_head FOR UPDATE"))


def start_reading(connection: Connection) -> None:
    """Make the connection's transaction a snapshot that nothing can be written in."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.begin()
    connection.execute(text("SELECT size FROM log_head"))  # the snapshot is taken by the first read


def damage(connection: Connection) -> tuple[str, ...]:
    """Say what is wrong with an SQLite file: pages that were altered, structure that is broken, rows that name nothing.

    Pages are read past the database's own locks, so what is found while others write is only believed when it is found
    again while nobody can. A page that was half copied from the log when the disk was full is made whole first.
    """
    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    if _altered_pages(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        altered = _altered_pages(connection)
        connection.rollback()
        if altered:  # reading on would end in the middle
            return altered
    structure = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check")]
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    found = [words for words in structure if words != "ok"]
    return (*found, *(f"row {row[1]} of {row[0]} names nothing in {row[2]}" for row in dangling))


def _altered_pages(connection: Connection) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in connection.exec_driver_sql("PRAGMA cipher_integrity_check"))


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
