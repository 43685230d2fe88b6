"""What the database and the disk say when they fail, in this project's words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lookalike.domain.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    LookalikeError,
    NotFound,
    StorageFull,
    Unavailable,
    WrongKey,
)

ROLLED_BACK = "The transaction was rolled back; everything acknowledged before it is kept."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FREE_SPACE = "Free some space, then run the same command again."
_AGAIN = "Try again in a moment."
_CHECK = "Run: lookalike fsck"
_RESTORE = "Restore the last backup."


class _Meaning(NamedTuple):
    """What a code of the database means here; ``{said}`` in the sentence is the database's own."""

    kind: type[LookalikeError]
    happened: str
    remedy: str = ""


_BUSY = _Meaning(Unavailable, "Another process is writing to the database and did not finish in time.", _AGAIN)
_DANGLING = _Meaning(
    IntegrityError,
    "A fact names something that is not recorded: its audit entry, its actor or what it belongs to.",
    _CHECK,
)
_TAKEN = _Meaning(Conflict, "Already recorded: {said}.")
_REFUSED = _Meaning(IntegrityError, "The database refused a value: {said}.")
_UNFIT = _Meaning(InvalidInput, "The database cannot hold a value: {said}.")

# SQLite's result codes with what it says (the driver keeps the extended codes to itself), and SQLSTATEs; the longest
# beginning counts. See https://sqlite.org/rescode.html and appendix A of PostgreSQL's manual.
_SQLITE = {
    "": _Meaning(Unavailable, "The database failed: {said}.", "Check the disk and the folder's permissions."),
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _Meaning(StorageFull, "The disk is full.", _FREE_SPACE),
    "SQLITE_NOTADB": _Meaning(
        WrongKey,
        "The key does not open this database, or the beginning of its file is damaged.",
        "Give the key that the home was created with; if it is that key, restore the last backup.",
    ),
    "SQLITE_CORRUPT": _Meaning(IntegrityError, "The database file is damaged.", _RESTORE),
    "SQLITE_CONSTRAINT": _REFUSED,
    "SQLITE_CONSTRAINT: UNIQUE": _TAKEN,
    "SQLITE_CONSTRAINT: FOREIGN KEY": _DANGLING,
    "SQLITE_TOOBIG": _UNFIT,
    "SQLITE_MISMATCH": _UNFIT,
    "SQLITE_READONLY": _Meaning(Unavailable, "The database cannot be written to.", "Check its permissions."),
}
_POSTGRESQL = {
    "": _Meaning(Unavailable, "The database server failed: {said}.", _AGAIN),
    "22": _UNFIT,
    "23": _REFUSED,
    "23503": _DANGLING,
    "23505": _TAKEN,
    "3D000": _Meaning(NotFound, "There is no such database: {said}.", "Create the database first."),
    "53100": _Meaning(StorageFull, "The database server's disk is full.", _FREE_SPACE),
    "55P03": _BUSY,
    "XX": _Meaning(IntegrityError, "The database is damaged: {said}.", _RESTORE),
}


@contextmanager
def database_failures(kept: str = ROLLED_BACK) -> Iterator[None]:
    """Raise what the database raises inside as an error of `lookalike.domain.errors`."""
    try:
        yield
    except StatementError as error:
        raise _translated(error, kept) from error
    except PoolTimeout as error:
        raise Unavailable("Every database connection is in use.", kept=kept, remedy=_AGAIN) from error
    except SQLAlchemyError as error:
        raise IntegrityError(f"The database layer failed: {error}", kept=kept, remedy=_CHECK) from error
    except OverflowError as error:
        raise InvalidInput("A number is too large to be stored.", kept=kept) from error


def _translated(error: StatementError, kept: str) -> LookalikeError:
    cause = error.orig
    if isinstance(cause, LookalikeError):  # a column type refused the value
        return cause
    if not isinstance(error, DBAPIError):
        return InvalidInput(f"A value cannot be stored: {cause}", kept=kept)
    code = getattr(cause, "sqlite_errorname", None)
    if code is not None:
        return _meant(_SQLITE, str(code), str(cause), kept)
    # a server's full text names values: only its first sentence is repeated
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or "no connection"
    return _meant(_POSTGRESQL, getattr(cause, "sqlstate", None) or "", str(said), kept)


def _meant(meanings: dict[str, _Meaning], code: str, said: str, kept: str) -> LookalikeError:
    full = f"{code}: {said}"
    meaning = meanings[max((start for start in meanings if full.startswith(start)), key=len)]
    happened = meaning.happened.format(said=said)
    return meaning.kind(happened, kept=kept, remedy=meaning.remedy, database_code=code)


@contextmanager
def disk_failures(kept: str) -> Iterator[None]:
    """Raise `OSError` inside as `StorageFull` or `Unavailable`; a missing file is the caller's to explain."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "unknown")
        if error.errno in _FULL:
            raise StorageFull("The disk is full.", kept=kept, remedy=_FREE_SPACE, errno=code) from error
        said = error.strerror or "unknown failure"
        raise Unavailable(f"The disk failed: {said}.", kept=kept, remedy="Check the disk.", errno=code) from error
