"""What databases and disks say, in this project's errors."""

import errno

import psycopg.errors
import pytest
from sqlalchemy.exc import DBAPIError

from lookalike.domain.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    LookalikeError,
    NotFound,
    StorageFull,
    Unavailable,
)
from lookalike.store.failures import database_failures, disk_failures


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (psycopg.errors.DiskFull, StorageFull),
        (psycopg.errors.LockNotAvailable, Unavailable),
        (psycopg.errors.DeadlockDetected, Unavailable),
        (psycopg.errors.AdminShutdown, Unavailable),
        (psycopg.errors.ConnectionFailure, Unavailable),
        (psycopg.OperationalError, Unavailable),
        (psycopg.errors.InvalidCatalogName, NotFound),
        (psycopg.errors.UniqueViolation, Conflict),
        (psycopg.errors.ForeignKeyViolation, IntegrityError),
        (psycopg.errors.CheckViolation, IntegrityError),
        (psycopg.errors.NumericValueOutOfRange, InvalidInput),
        (psycopg.errors.DataCorrupted, IntegrityError),
        (psycopg.errors.IndexCorrupted, IntegrityError),
    ],
)
def test_what_a_server_says(said: type[psycopg.Error], meant: type[LookalikeError]) -> None:
    with pytest.raises(LookalikeError) as caught, database_failures("Everything."):
        raise DBAPIError("SELECT 1", {}, said("Key (name)=(a secret name)"))
    assert type(caught.value) is meant
    assert caught.value.kept == "Everything."
    assert "secret" not in str(caught.value.diagnostics())


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, Unavailable),
        (errno.EROFS, Unavailable),
        (errno.EACCES, Unavailable),
    ],
)
def test_what_a_disk_says(number: int, meant: type[LookalikeError]) -> None:
    with pytest.raises(LookalikeError) as caught, disk_failures("Everything."):
        raise OSError(number, "words")
    assert type(caught.value) is meant
    assert caught.value.values == {"errno": errno.errorcode[number]}
    assert caught.value.kept == "Everything."
    assert caught.value.remedy


def test_a_missing_file_is_for_the_caller_to_explain() -> None:
    with pytest.raises(FileNotFoundError), disk_failures("Everything."):
        raise FileNotFoundError(errno.ENOENT, "words")


def test_this_projects_own_errors_pass_unchanged() -> None:
    own = NotFound("There is none.")
    with pytest.raises(NotFound) as caught, database_failures(), disk_failures(""):
        raise own
    assert caught.value is own
