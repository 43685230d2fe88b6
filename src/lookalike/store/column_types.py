"""How values stand in columns: the same text and bytes on both dialects, and back without loss."""

import json
import math
import operator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Double, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

from lookalike.domain.errors import InvalidInput


class Whole(TypeDecorator[int]):
    """A 64-bit integer, from Python's or numpy's; ``INTEGER`` on SQLite, so that a primary key of it is the row id."""

    impl = BigInteger
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        return Integer() if dialect.name == "sqlite" else BigInteger()

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(operator.index(value))


class Small(Whole):
    """A 32-bit integer, likewise."""

    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        return Integer()


class Real(TypeDecorator[float]):
    """A 64-bit number, from Python's or numpy's, back to the last bit.

    Raises:
        InvalidInput: Not a number; SQLite would keep that as nothing.
    """

    impl = Double
    cache_ok = True

    @override
    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        if value is None:
            return None
        number = float(value)
        if math.isnan(number):
            raise InvalidInput("NaN cannot be stored.")
        return number


class Words(TypeDecorator[str]):
    """Text that both dialects can hold: no NUL, no half of a surrogate pair.

    Raises:
        InvalidInput: The text holds one of the two.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and ("\0" in value or not _is_encodable(value)):
            raise InvalidInput(
                f"This text cannot be stored: {value!a}.", remedy="Remove NUL characters and undecodable bytes from it."
            )
        return value


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Moment(TypeDecorator[datetime]):
    """A point in time as ISO 8601 text in UTC to the microsecond, of one width, so that text order is time order.

    Raises:
        InvalidInput: The time names no zone.
    """

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise InvalidInput("A time without its zone cannot be stored.", remedy="Give times in UTC.")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar date as ISO 8601 text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A small closed value (words, a table of numbers) that no query looks into; floats come back exactly."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
