"""One open transaction, through which every query goes."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from lookalike.domain.errors import IntegrityError
from lookalike.store import schema
from lookalike.store.engines import BINARY
from lookalike.store.failures import database_failures
from lookalike.store.sealing import VectorSeal


class Statements:
    """Runs statements in one transaction and translates what fails.

    Args:
        connection: A connection with a transaction begun.
        seal: How template vectors stand in their column.
    """

    def __init__(self, connection: Connection, seal: VectorSeal) -> None:
        self._connection = connection
        self.seal = seal
        self.has_failed = False
        """Whether a statement failed: then nothing of the transaction may be committed, on either dialect."""

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Execute *statement*, once or for each of *rows*."""
        with database_failures():
            try:
                return self._connection.execute(statement, rows)
            except (SQLAlchemyError, OverflowError):
                self.has_failed = True
                raise

    def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row."""
        result = self.run(statement)
        with database_failures():
            return result.all()

    def tuples(self, statement: Executable) -> list[tuple[Any, ...]]:
        """Return every row as the driver gave it, in binary: for many rows of numbers and bytes."""
        result = self.run(statement.execution_options(**{BINARY: True}))
        with database_failures(), closing(result):
            return list(result.cursor.fetchall())

    def first(self, statement: Executable) -> Row[Any] | None:
        """Return the first row, or ``None``."""
        result = self.run(statement)
        with database_failures():
            return result.first()

    def scalar(self, statement: Executable) -> Any:
        """Return the first column of the first row, or ``None``."""
        row = self.first(statement)
        return None if row is None else row[0]

    def take_ids(self, name: str, count: int) -> range:
        """Give out *count* ids of the counter *name*, never given before; a rollback takes them back."""
        counter = schema.id_counter
        last = self.scalar(select(counter.c.last).where(counter.c.name == name))
        if last is None:
            raise IntegrityError(f"The database has lost its counter {name!r}.", remedy="Restore the last backup.")
        if count:
            self.run(update(counter).where(counter.c.name == name).values(last=last + count))
        return range(last + 1, last + 1 + count)
