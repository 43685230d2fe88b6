"""The home's master key, and every key that comes from it."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lookalike.domain.errors import InvalidInput

KEY_BYTES = 32
_CONTEXT = b"lookalike/v1/"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The 256-bit secret that opens a home: its database and its pictures.

    It is never used itself: each use has a key of its own, derived for a named purpose.

    Attributes:
        raw: 32 bytes from a cryptographic source; never shown by ``repr``.

    Raises:
        InvalidInput: Not 32 bytes.

    Example:
        >>> key = MasterKey(bytes(range(32)))
        >>> key
        MasterKey()
        >>> MasterKey.from_text(key.text()) == key
        True
        >>> key.derive(b"database") == key.derive(b"blob names")
        False
    """

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise InvalidInput("A key is 32 bytes.", remedy="Give 64 hexadecimal digits, or 32 bytes in base64.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        r"""Read a key from 64 hexadecimal digits or from base64 (either alphabet); white space around it is ignored.

        Raises:
            InvalidInput: Neither of the two; the text is not repeated in the error.

        Example:
            >>> MasterKey.from_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").text() == "00" * 32
            True
        """
        bare = text.strip()
        try:
            if len(bare) == 2 * KEY_BYTES:
                raw = bytes.fromhex(bare)
            else:
                plain = bare.replace("-", "+").replace("_", "/").rstrip("=")
                raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        return cls(raw)

    def text(self) -> str:
        """Return the key as 64 hexadecimal digits, for a key file or a keyring."""
        return self.raw.hex()

    def derive(self, purpose: bytes) -> bytes:
        """Return the 32-byte key for *purpose*: HKDF-SHA256 (RFC 5869), no salt, the purpose in ``info``."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_CONTEXT + purpose).derive(self.raw)
