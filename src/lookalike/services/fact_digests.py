"""A digest over everything that a fact's row holds, so that its audit entry pins the row without repeating it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import numpy as np
import rfc8785

from lookalike.domain.galleries import Gallery
from lookalike.domain.identifiers import Digest, FaceId
from lookalike.domain.references import NewReference


def fact_digest(fact: Any) -> Digest:
    """Return the SHA-256 over the canonical JSON (RFC 8785) of a domain value, every field included.

    Vectors go in as the SHA-256 of their little-endian float32 bytes, times as UTC, enumerations as their value.

    Example:
        >>> from lookalike.domain.geometry import Box
        >>> fact_digest(Box(1, 2, 3, 4)) == fact_digest(Box(1.0, 2.0, 3.0, 4.0))
        True
        >>> fact_digest(Box(1, 2, 3, 4)) == fact_digest(Box(1, 2, 3, 5))
        False
    """
    return Digest(hashlib.sha256(rfc8785.dumps(_plain(fact))).hexdigest())


def reference_digest(reference: NewReference, face_ids: Sequence[FaceId | None]) -> Digest:
    """Return the digest of an enrolled picture together with the ids that its acquired faces were given."""
    return fact_digest([reference, list(face_ids)])


def registration_digest(gallery: Gallery) -> Digest:
    """Return the digest of what a gallery was registered as: what changes later (state, version, pack) is left out."""
    return fact_digest([gallery.id, gallery.declared, gallery.registered_at, gallery.registered_by])


def _plain(value: Any) -> Any:  # noqa: PLR0911  # one return for each kind of value
    if isinstance(value, np.ndarray):
        return hashlib.sha256(value.astype("<f4").tobytes()).hexdigest()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value)
    return value
