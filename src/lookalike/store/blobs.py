"""Pictures and crops as encrypted files, addressed by the digest of their content.

Each file is written under a name that nobody has used, with a key that nobody has used; the row in the database that
names the file also holds that key, wrapped. So a file and its row agree whatever crashes or runs twice: at worst a file
is left that no row names, and whose key is gone with the process that made it. See docs/adr/0005-store.md.
"""

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from lookalike.domain.errors import IntegrityError, InvalidInput, MediaDigestMismatch, NotFound
from lookalike.domain.identifiers import Digest
from lookalike.store.engines import sync_folder
from lookalike.store.failures import disk_failures
from lookalike.store.keys import KEY_BYTES, MasterKey
from lookalike.store.registers import StoredBlob
from lookalike.store.sealing import FRAME_BYTES, TAG_BYTES, Entropy, FrameCipher, sealed_size

_INCOMING = "incoming"
_SUFFIX_BYTES = 8
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_RESTORE = "Restore this file from the last backup."


class BlobFault(StrEnum):
    """What is wrong with a stored object."""

    MISSING = "missing"
    WRONG_SIZE = "of another size"
    KEY_ALTERED = "locked with another key"
    ALTERED = "altered"
    UNREADABLE = "unreadable"


class BlobStore:
    """A folder of encrypted objects.

    Args:
        folder: Made, with its parents' permissions left alone, when the first object is stored.
        key: The home's.
        entropy: Gives random bytes, for keys and names.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = BlobStore(Path(folder), MasterKey(bytes(32)))
        ...     store.get(store.put(b"picture"))
        b'picture'
    """

    def __init__(self, folder: Path, key: MasterKey, *, entropy: Entropy = os.urandom) -> None:
        self._folder = folder
        self._name_key = key.derive(b"blob names")
        self._wrapping_key = key.derive(b"blob keys")
        self._entropy = entropy

    def put(self, data: bytes) -> StoredBlob:
        """Store *data* durably, in a new file.

        The caller looks for the digest's row first, and after a lost race removes its own file with `delete`.

        Raises:
            StorageFull: The disk took no more; nothing was stored.
            Unavailable: The folder cannot be written to; nothing was stored.
        """
        digest = sha256(data)
        object_key = self._entropy(KEY_BYTES)
        stored_name = f"{self._keyed(digest.digest())}-{self._entropy(_SUFFIX_BYTES).hex()}"
        place = self._path(stored_name)
        with disk_failures("The object was not stored."):
            self._make_folders(place.parent)
            with self._incoming(stored_name) as (file, temporary):
                for frame in FrameCipher(object_key, digest.digest()).seal(data):
                    file.write(frame)
                file.flush()
                os.fsync(file.fileno())
                temporary.rename(place)
            try:
                sync_folder(place.parent)
            except OSError:
                place.unlink(missing_ok=True)
                raise
        wrapped = aes_key_wrap(self._wrapping_key, object_key)
        return StoredBlob(Digest(digest.hexdigest()), len(data), stored_name, wrapped)

    def get(self, blob: StoredBlob) -> bytes:
        """Return an object's bytes, every one of them checked.

        Raises:
            MediaDigestMismatch: The file is missing, or is not what was stored; ``values['fault']`` says which.
        """
        try:
            return b"".join(self._verified(blob))
        except _Faulty as faulty:
            raise _mismatch(blob, faulty.fault) from faulty

    def check(self, blob: StoredBlob) -> None:
        """Read an object through, a frame at a time, and return if it is sound.

        Raises:
            NotFound: Its file is not there.
            MediaDigestMismatch: Its file is not what was stored; ``values['fault']`` says how.
        """
        try:
            for _ in self._verified(blob):
                pass
        except _Faulty as faulty:
            if faulty.fault is BlobFault.MISSING:
                raise NotFound(
                    f"The file of the stored object {blob.sha256[:12]} is not there.",
                    remedy=_RESTORE,
                    digest=blob.sha256,
                    stored_name=blob.stored_name,
                ) from faulty
            raise _mismatch(blob, faulty.fault) from faulty

    def stored_names(self) -> Iterator[str]:
        """Yield the name of every stored file, also of those that no row names."""
        with disk_failures("Nothing was changed."):
            if not self._folder.is_dir():
                return
            for shard in sorted(self._folder.iterdir()):
                if shard.is_dir() and shard.name != _INCOMING:
                    yield from sorted(path.name for path in shard.iterdir())

    def delete(self, blob: StoredBlob) -> None:
        """Remove an object's file durably; one that is gone already is no error.

        With the row, which holds the only key, the content is gone from every copy of the file as well.
        """
        self.delete_name(blob.stored_name)

    def delete_name(self, stored_name: str) -> None:
        """Remove the file called *stored_name*, as `stored_names` yields it; for files that no row names."""
        place = self._path(stored_name)
        with disk_failures("The object may still be there."):
            place.unlink(missing_ok=True)
            if place.parent.is_dir():
                sync_folder(place.parent)

    def clear_temporary(self) -> int:
        """Remove what interrupted writers left behind, and nothing that is being written; return how many files."""
        removed = 0
        incoming = self._folder / _INCOMING
        with disk_failures("Nothing but interrupted files was removed."):
            for path in sorted(incoming.iterdir()) if incoming.is_dir() else ():
                removed += _remove_unlocked(path)
        return removed

    def _verified(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield an object's parts; the last step, after all of them, is to compare the digest of the whole."""
        try:
            object_key = aes_key_unwrap(self._wrapping_key, blob.wrapped_key)
        except (InvalidUnwrap, ValueError) as error:
            raise _Faulty(BlobFault.KEY_ALTERED) from error
        whole = sha256()
        try:
            with self._path(blob.stored_name).open("rb") as file:
                if os.fstat(file.fileno()).st_size != sealed_size(blob.size):
                    raise _Faulty(BlobFault.WRONG_SIZE)
                frames = iter(lambda: file.read(FRAME_BYTES + TAG_BYTES), b"")
                for part in FrameCipher(object_key, bytes.fromhex(blob.sha256)).open(frames, blob.size):
                    whole.update(part)
                    yield part
        except FileNotFoundError as error:
            raise _Faulty(BlobFault.MISSING) from error
        except IntegrityError as error:
            raise _Faulty(BlobFault.ALTERED) from error
        except OSError as error:
            raise _Faulty(BlobFault.UNREADABLE) from error
        if whole.hexdigest() != blob.sha256:
            raise _Faulty(BlobFault.ALTERED)

    def _keyed(self, digest: bytes) -> str:
        """Return the part of a name that the content decides: without the key, nobody can tell which picture it is."""
        return hmac.digest(self._name_key, digest, "sha256").hex()

    def _path(self, stored_name: str) -> Path:
        shape = stored_name.replace("-", "", 1)
        if len(stored_name) != 64 + 1 + 2 * _SUFFIX_BYTES or not set(shape) <= set("0123456789abcdef"):
            raise InvalidInput(f"{stored_name!a} names no stored object.")
        return self._folder / stored_name[:2] / stored_name

    def _make_folders(self, shard: Path) -> None:
        for folder in (self._folder, shard, self._folder / _INCOMING):
            if not folder.is_dir():
                folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
                sync_folder(folder.parent)

    @contextmanager
    def _incoming(self, stored_name: str) -> Iterator[tuple[BinaryIO, Path]]:
        """Lend a locked temporary file in the same file system; what is not renamed away in the block is removed."""
        path = self._folder / _INCOMING / stored_name
        while True:
            file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE_FILE), "wb")
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                break
            file.close()  # `clear_temporary` of another process came between making and locking
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)
            file.close()


class _Faulty(Exception):
    """Carries a fault out of the reading loop; never leaves this module."""

    def __init__(self, fault: BlobFault) -> None:
        super().__init__(fault)
        self.fault = fault


def _mismatch(blob: StoredBlob, fault: BlobFault) -> MediaDigestMismatch:
    return MediaDigestMismatch(
        f"The stored object {blob.sha256[:12]} is {fault}.",
        remedy=_RESTORE,
        fault=fault.value,
        digest=blob.sha256,
        stored_name=blob.stored_name,
    )


def _remove_unlocked(path: Path) -> int:
    """Remove a temporary file that no writer holds; return 1, or 0 where one does."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except FileNotFoundError:  # its writer was quicker
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return 0
    finally:
        os.close(descriptor)
    return 1
