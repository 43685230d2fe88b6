"""The log's verifier: stand-alone, and it trusts no one, the writer included.

It imports the domain's values and the standard library only, and shares no code with what writes the log: hashing,
the tree and canonical JSON are written a second time here, in the open, so that an expert of the other side can read
this one file and run it. The rules it holds an entry to are those of ``docs/adr/0006-audit-log.md``.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final

from lookalike.domain.errors import AuditLogBroken
from lookalike.domain.log import EntryKind, LogHead, StoredEntry

VERSION: Final = 1
"""The only version of an entry there is."""
SAFE_INTEGER: Final = 2**53 - 1
"""Largest magnitude of a number in an entry: beyond it, readers of JSON disagree (RFC 8785, appendix D)."""
_KEYS: Final = frozenset({"v", "seq", "kind", "at", "actor", "facts"})
_KINDS: Final = frozenset(kind.value for kind in EntryKind)


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a log was found to hold, once everything re-derived.

    Attributes:
        size: Number of entries.
        root: The tree's root in 64 hexadecimal digits.
        first_at: Time stated in the first entry; ``None`` for an empty log.
        last_at: Time stated in the last entry. Times are what the writer's clock said; order is by position alone.
        counts: Entries of each kind, by kind.
    """

    size: int
    root: str
    first_at: datetime | None
    last_at: datetime | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fields:
    """An entry's bytes, read: what `read` returns."""

    seq: int
    kind: str
    at: datetime
    actor: str
    facts: Mapping[str, object]


def verify_entries(entries: Iterable[StoredEntry], head: LogHead, *, kept: Sequence[LogHead] = ()) -> LogReport:
    """Re-derive a whole log from its entries' bytes and compare it with its head.

    Streams: memory does not grow with the log. Checks, for each entry in turn: its position, its leaf hash, its bytes
    (canonical JSON of a known version and kind, nothing missing and nothing more), the tree; then the head.

    Args:
        entries: The log, from position 0 on.
        head: The tree state as stored beside it.
        kept: Heads noted earlier, elsewhere: the log must continue each of them. Without one, a log that was cut short
            together with its head cannot be told from a young log.

    Raises:
        AuditLogBroken: ``values['position']`` is the first bad position and ``values['reason']`` one of ``position``,
            ``leaf``, ``bytes``, ``canonical``, ``version``, ``kind``, ``fields``, ``surplus``, ``missing``, ``tree``,
            ``head``, ``kept``.

    Example:
        >>> verify_entries([], LogHead(0, ())).root[:16]
        'e3b0c44298fc1c14'
    """
    for known in (head, *kept):
        _check_shape(known)
    waiting = sorted(kept, key=lambda known: known.size)
    tree = _Tree()
    counts: Counter[str] = Counter()
    first_at = last_at = None
    for position, stored in enumerate(entries):
        _check_kept(tree, waiting)
        if position == head.size:
            raise _broken(position, "surplus", f"the log goes on, but its head covers {head.size:,} entries only")
        fields = _checked(position, stored)
        tree.append(stored.leaf)
        counts[fields.kind] += 1
        first_at, last_at = first_at or fields.at, fields.at
    _check_kept(tree, waiting)
    if tree.size < head.size:
        raise _broken(tree.size, "missing", f"the log ends here, but its head covers {head.size:,} entries")
    if waiting:
        raise _broken(
            tree.size, "kept", f"the log ends here, but a head of {waiting[0].size:,} entries was noted earlier"
        )
    _check_peaks(tree, head, "tree", "its stored head")
    return LogReport(tree.size, tree.root().hex(), first_at, last_at, dict(sorted(counts.items())))


def read(data: bytes, position: int) -> Fields:
    """Read an entry's bytes, strictly.

    Raises:
        AuditLogBroken: They are not canonical JSON, or of an unknown version or kind, or hold other fields.
    """
    value = _decoded(data, position)
    if not isinstance(value, dict):
        raise _broken(position, "fields", "the entry is not a JSON object")
    if (version := value.get("v")) != VERSION or isinstance(version, bool):
        raise _broken(position, "version", f"the entry's version is {value.get('v')!r}, and only {VERSION} is known")
    if value.keys() != _KEYS:
        odd = ", ".join(sorted(repr(key) for key in value.keys() ^ _KEYS))
        raise _broken(position, "fields", f"the entry has missing or unknown keys: {odd}")
    seq, kind, at, actor, facts = (value[key] for key in ("seq", "kind", "at", "actor", "facts"))
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _broken(position, "kind", f"the entry's kind {kind!r} is unknown")
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        raise _broken(position, "fields", f"the entry's position {seq!r} is no position")
    if not isinstance(actor, str) or not actor or not isinstance(facts, dict):
        raise _broken(position, "fields", "the entry has no actor or no facts")
    try:
        moment = datetime.fromisoformat(at)
        is_utc = at == moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        is_canonical = is_utc and canonical(value) == data
    except (ValueError, TypeError, RecursionError) as error:
        raise _broken(position, "fields", f"the entry holds a value it may not: {error}") from error
    if not is_canonical:
        raise _broken(position, "canonical", "the entry's bytes are not canonical JSON")
    return Fields(seq, kind, moment, actor, facts)


def _decoded(data: bytes, position: int) -> Any:
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise _broken(position, "bytes", "the entry is not JSON") from error


def canonical(value: object) -> bytes:
    r"""Return *value* as canonical JSON in UTF-8.

    Raises:
        ValueError: A number is not finite or beyond 2**53 - 1 in magnitude, a text holds half a surrogate pair, or a
            value is none of JSON's.

    Example:
        >>> canonical({"b": [1.0, 1e-7, None], "a": "é\n"})
        b'{"a":"\xc3\xa9\\n","b":[1,1e-7,null]}'

    Source: RFC 8785 (JSON Canonicalization Scheme).
    """
    try:
        return _WRITERS[type(value)](value).encode()
    except KeyError as error:
        raise ValueError(f"{error.args[0].__name__} is not a type of JSON's") from error


def _object(value: Mapping[str, object]) -> str:
    in_order = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
    pairs = [(key, value[key]) for key in in_order]
    return f"{{{','.join([f'{encode_basestring(key)}:{_WRITERS[type(item)](item)}' for key, item in pairs])}}}"


def _utf16(key: str) -> bytes:
    """Keys are ordered by their UTF-16 code units, which differs from Python's order beyond U+FFFF."""
    return key.encode("utf-16-be")


def _array(value: Sequence[object]) -> str:
    return f"[{','.join([_WRITERS[type(item)](item) for item in value])}]"


def _integer(value: int) -> str:
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        raise ValueError(f"the number {value} is not finite or too large")
    return str(value)


def _float(value: float) -> str:
    """A number as ECMAScript writes it (ECMA-262, Number::toString)."""
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER:  # written so that NaN is refused
        raise ValueError(f"the number {value} is not finite or too large")
    if value.is_integer():
        return str(int(value))
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if point > 0:
        text = f"{figures[:point]}.{figures[point:]}"
    elif point > -6:
        text = f"0.{'0' * -point}{figures}"
    else:
        text = f"{figures[0]}{'.' if len(figures) > 1 else ''}{figures[1:]}e{point - 1}"
    return f"{'-' if sign else ''}{text}"


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    str: encode_basestring,
    int: _integer,
    float: _float,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
    list: _array,
    tuple: _array,
    dict: _object,
}


class _Tree:
    """RFC 6962, section 2.1, grown leaf by leaf: the roots of its perfect subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:
            node = sha256(b"\x01" + self.peaks.pop() + node).digest()
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return sha256(b"").digest()
        *larger, node = self.peaks
        for peak in reversed(larger):
            node = sha256(b"\x01" + peak + node).digest()
        return node


def _checked(position: int, stored: StoredEntry) -> Fields:
    if stored.seq != position:
        raise _broken(position, "position", f"entry {stored.seq:,} stands in its place: missing, repeated or moved")
    if sha256(b"\x00" + stored.data).digest() != stored.leaf:
        raise _broken(position, "leaf", "its bytes are not the bytes that were hashed")
    fields = read(stored.data, position)
    if fields.seq != position:
        raise _broken(position, "position", f"its bytes say that they are entry {fields.seq:,}")
    if stored.kind != fields.kind:
        raise _broken(position, "kind", f"it is filed as {stored.kind!r}, but its bytes say {fields.kind!r}")
    return fields


def _check_shape(head: LogHead) -> None:
    if head.size < 0 or len(head.peaks) != head.size.bit_count() or any(len(peak) != 32 for peak in head.peaks):
        raise _broken(0, "head", f"a head of {head.size:,} entries cannot have these {len(head.peaks)} peaks")


def _check_kept(tree: _Tree, waiting: list[LogHead]) -> None:
    while waiting and waiting[0].size == tree.size:
        _check_peaks(tree, waiting.pop(0), "kept", "a head noted earlier")


def _check_peaks(tree: _Tree, head: LogHead, reason: str, whose: str) -> None:
    start = 0
    for at, (own, stated) in enumerate(zip(tree.peaks, head.peaks, strict=True)):
        width = 1 << (tree.size.bit_length() - 1 if at == 0 else (tree.size - start).bit_length() - 1)
        if own != stated:
            where = f"the entry here or, at the latest, {start + width - 1:,} is not the one in {whose}"
            raise _broken(start, reason, where)
        start += width


def _broken(position: int, reason: str, why: str) -> AuditLogBroken:
    return AuditLogBroken(
        f"The audit log does not re-derive at position {position:,}: {why}.",
        kept="The log was only read.",
        remedy="Keep a copy of the home as it is, and compare it with a backup and with heads noted elsewhere.",
        position=position,
        reason=reason,
    )
