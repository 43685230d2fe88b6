"""Encryption of what is stored: template vectors in columns, pictures in frames.

AES-256-GCM throughout (NIST SP 800-38D), from the ``cryptography`` library.
"""

import os
from collections.abc import Callable, Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from lookalike.domain.errors import IntegrityError

FRAME_BYTES = 1 << 20
TAG_BYTES = 16
_NONCE_BYTES = 12
_FRAME_FORMAT = b"lookalike frame 1"

Entropy = Callable[[int], bytes]


class VectorSeal:
    """Vectors as they are, for a database file that is encrypted as a whole."""

    def close(self, vector: bytes, face: int) -> bytes:
        """Return what to store for the template of *face*."""
        del face
        return vector

    def open(self, sealed: bytes, face: int) -> bytes:
        """Return the vector that `close` was given."""
        del face
        return sealed


class EncryptedVectorSeal(VectorSeal):
    """Vectors encrypted one by one, and bound to their face, for a database server.

    Args:
        key: 32 bytes.
        entropy: Gives random bytes; the nonce of each vector is 12 of them.

    Example:
        >>> seal = EncryptedVectorSeal(bytes(32))
        >>> seal.open(seal.close(b"vector", 7), 7)
        b'vector'
    """

    def __init__(self, key: bytes, entropy: Entropy = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._entropy = entropy

    @override
    def close(self, vector: bytes, face: int) -> bytes:
        nonce = self._entropy(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, vector, b"%d" % face)

    @override
    def open(self, sealed: bytes, face: int) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"%d" % face)
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"The stored template of face {face} is not the one that was stored.",
                kept="Nothing was changed.",
                remedy="Restore the last backup.",
                face=face,
            ) from error


class FrameCipher:
    """Bytes of any length as AES-256-GCM frames of 1 MiB, under a key used for one object only.

    The nonce is the frame's number, which is safe because no key seals two objects. The object's digest, the frame's
    number and whether it is the last are authenticated with each frame, so that frames cannot be swapped, reordered,
    dropped or moved to another object.

    Args:
        key: 32 bytes, fresh for this object.
        digest: The SHA-256 of the whole, 32 bytes.

    Example:
        >>> cipher = FrameCipher(bytes(32), bytes(32))
        >>> b"".join(cipher.open(cipher.seal(b"picture"), 7))
        b'picture'
    """

    def __init__(self, key: bytes, digest: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digest = digest

    def seal(self, data: bytes) -> Iterator[bytes]:
        """Yield the sealed frames of *data*; one for no data at all."""
        last = frame_count(len(data)) - 1
        view = memoryview(data)
        for number in range(last + 1):
            part = view[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]
            yield self._cipher.encrypt(_nonce(number), part, self._bound(number, is_last=number == last))

    def open(self, frames: Iterable[bytes], size: int) -> Iterator[bytes]:
        """Yield the parts of an object of *size* bytes from its sealed frames.

        Raises:
            IntegrityError: A frame is not the one that was sealed there.
        """
        last = frame_count(size) - 1
        number = -1
        for number, frame in enumerate(frames):
            try:
                yield self._cipher.decrypt(_nonce(number), frame, self._bound(number, is_last=number == last))
            except (InvalidTag, ValueError) as error:
                raise IntegrityError(f"Frame {number} is not the frame that was stored.", frame=number) from error
        if number != last:
            raise IntegrityError(f"There are {number + 1} frames where {last + 1} were stored.", frame=number)

    def _bound(self, number: int, *, is_last: bool) -> bytes:
        return _FRAME_FORMAT + self._digest + number.to_bytes(8, "big") + bytes([is_last])


def frame_count(size: int) -> int:
    """Return how many frames hold *size* bytes: at least one."""
    return max(1, -(-size // FRAME_BYTES))


def sealed_size(size: int) -> int:
    """Return how many bytes the frames of *size* bytes take.

    Example:
        >>> sealed_size(0), sealed_size(FRAME_BYTES + 1) - FRAME_BYTES
        (16, 33)
    """
    return size + frame_count(size) * TAG_BYTES


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
