"""Audit entries: what one act leaves in the log, as canonical JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeAlias

import rfc8785

from lookalike.audit.merkle import appended, leaf_hash
from lookalike.audit.verify import SAFE_INTEGER, VERSION, read
from lookalike.domain.errors import AuditLogBroken, Conflict, InvalidInput
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind, LogHead, StoredEntry

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What a fact may be; on construction, sequences become tuples and mappings dicts."""
DEEPEST_FACTS = 16
"""Levels of nesting that facts may have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: when, by whom, and the facts needed to tell later what was done.

    Facts are ids, digests, counts and settings; never a picture, a crop or a template.

    Attributes:
        seq: Its position in the log, from 0.
        at: In UTC, to the microsecond; order is by position, never by time.
        actor: Who acted.
        facts: JSON values; numbers finite and at most 2**53 - 1 in magnitude.

    Raises:
        InvalidInput: A field or a fact is of another kind.

    Example:
        >>> entry = Entry(Seq(0), EntryKind.HOME_CREATED, datetime(2026, 1, 2, tzinfo=UTC), Actor("os:ada"), {"n": 1})
        >>> print(entry.data().decode())
        {"actor":"os:ada","at":"2026-01-02T00:00:00.000000Z","facts":{"n":1},"kind":"home.created","seq":0,"v":1}
        >>> Entry.parse(entry.data()) == entry
        True
    """

    seq: Seq
    kind: EntryKind
    at: datetime
    actor: Actor
    facts: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        if not 0 <= self.seq <= SAFE_INTEGER:
            raise InvalidInput(f"An entry's position cannot be {self.seq}.")
        if self.at.utcoffset() != timedelta(0):
            raise InvalidInput("An entry's time is in UTC, and says so.")
        if not self.actor:
            raise InvalidInput("An entry names its actor.")
        _check_text(self.actor, "actor")
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        object.__setattr__(self, "facts", _own_facts(self.facts))

    def data(self) -> bytes:
        """Return the entry as canonical JSON in UTF-8: the bytes that are hashed and kept."""
        at = self.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        fields = {"v": VERSION, "seq": self.seq, "kind": self.kind.value, "at": at, "actor": self.actor}
        return rfc8785.dumps({**fields, "facts": self.facts})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `data` returned, strictly.

        Raises:
            AuditLogBroken: Not canonical, an unknown version or kind, a missing or unknown key.
        """
        fields = read(data, position=0)
        try:
            return cls(
                Seq(fields.seq), EntryKind(fields.kind), fields.at, Actor(fields.actor), _own_facts(fields.facts)
            )
        except InvalidInput as error:
            raise AuditLogBroken(
                f"An entry's bytes cannot have been written: {error}", kept="It was only read."
            ) from error


def seal(entry: Entry, head: LogHead) -> tuple[StoredEntry, LogHead]:
    """Return *entry* as it is to be kept, and the head that covers it; both are stored in the act's own transaction.

    Raises:
        Conflict: The entry was not made for the position that is next.
    """
    if entry.seq != head.size:
        raise Conflict(
            f"The entry was made for position {entry.seq:,}, but {head.size:,} is next.",
            remedy="Try again: another act came first.",
            position=entry.seq,
            next=head.size,
        )
    data = entry.data()
    leaf = leaf_hash(data)
    return StoredEntry(entry.seq, entry.kind.value, data, leaf), appended(head, leaf)


def _own_facts(facts: Mapping[str, object]) -> dict[str, JsonValue]:
    return _own_mapping(facts, "facts", DEEPEST_FACTS)


def _own_mapping(value: Mapping[str, object], where: str, levels: int) -> dict[str, JsonValue]:
    own: dict[str, JsonValue] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidInput(f"A key of {where} is not text: {key!r}.")
        _check_text(key, where)
        own[str(key)] = _own(item, f"{where}.{key}", levels)
    return own


def _own(value: object, where: str, levels: int) -> JsonValue:
    """A copy of *value* that nobody else holds, of JSON's own types."""
    if levels == 0:
        raise InvalidInput(f"Facts are nested at most {DEEPEST_FACTS} deep; {where} is deeper.")
    match value:
        case None | bool():
            return value
        case str():
            _check_text(value, where)
            return str(value)
        case int() | float():
            if not abs(value) <= SAFE_INTEGER:  # written so that NaN is refused
                raise InvalidInput(f"{where} is not a finite number of at most 2**53 - 1: {value}.")
            return int(value) if isinstance(value, int) else float(value)
        case list() | tuple():
            return tuple(_own(item, f"{where}[{at}]", levels - 1) for at, item in enumerate(value))
        case Mapping():
            return _own_mapping(value, where, levels - 1)
        case _:
            raise InvalidInput(f"{where} is of type {type(value).__name__}, which an entry cannot hold.")


def _check_text(text: str, where: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(f"{where} holds half a surrogate pair, which is no text.")
