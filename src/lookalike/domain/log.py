"""The audit log's state and entries as values; `lookalike.audit` computes them, the store keeps them."""

from dataclasses import dataclass
from enum import StrEnum

from lookalike.domain.identifiers import Seq


class EntryKind(StrEnum):
    """Every kind of audit entry there is; a reader refuses kinds it does not know."""

    HOME_CREATED = "home.created"
    ACTOR_ADDED = "actor.added"
    MODEL_ADDED = "model.added"
    GALLERY_REGISTERED = "gallery.registered"
    ENROLMENT_COMMITTED = "enrolment.committed"
    REFERENCE_REMOVED = "reference.removed"
    CASE_OPENED = "case.opened"
    EXHIBIT_ADDED = "exhibit.added"
    SEARCH_PERFORMED = "search.performed"
    SEARCH_VIEWED = "search.viewed"
    SEARCH_REPLAYED = "search.replayed"
    SHEET_EXPORTED = "sheet.exported"
    ACT_REFUSED = "act.refused"
    STORE_CHECKED = "store.checked"


@dataclass(frozen=True, slots=True)
class LogHead:
    """The Merkle tree's state: enough to append in O(log n) and to state the root.

    Attributes:
        size: Number of entries.
        peaks: Roots (32 bytes each) of the perfect subtrees that the tree of *size* leaves splits into, largest first;
            one for each 1-bit of *size* (RFC 6962, section 2.1).
    """

    size: int
    peaks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An audit entry as kept.

    Attributes:
        seq: Its position, from 0.
        data: The canonical JSON (RFC 8785), UTF-8: exactly the bytes that were hashed.
        leaf: SHA-256 leaf hash, 32 bytes.
    """

    seq: Seq
    kind: str
    data: bytes
    leaf: bytes
