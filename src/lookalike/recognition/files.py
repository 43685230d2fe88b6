"""Reading files whose SHA-256 is known beforehand."""

import hashlib
from pathlib import Path

from lookalike.domain.errors import ModelDigestMismatch
from lookalike.domain.identifiers import Digest


def read_checked(path: Path, expected: Digest) -> bytes:
    """Return the bytes of *path*; exactly the bytes returned were hashed.

    Raises:
        ModelDigestMismatch: The file cannot be read, or its SHA-256 is another than *expected*.
    """
    remedy = "Add the model pack again from its source: lookalike models add SOURCE"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelDigestMismatch(
            f"The model file {path.name} cannot be read.", remedy=remedy, file=str(path), expected=expected
        ) from error
    found = digest_of(data)
    if found != expected:
        raise ModelDigestMismatch(
            f"The model file {path.name} is not the file that its manifest names.",
            remedy=remedy,
            file=str(path),
            expected=expected,
            found=found,
        )
    return data


def digest_of(data: bytes) -> Digest:
    """Return the SHA-256 of *data* in hexadecimal digits."""
    return Digest(hashlib.sha256(data).hexdigest())
