"""Original pictures: kept before any row names them, given back only when they are what they were."""

from dataclasses import dataclass

from lookalike.domain.identifiers import Digest
from lookalike.store import BlobStore, Database, StoredBlob, Unit


@dataclass(frozen=True, slots=True)
class Pictures:
    """The originals of references and exhibits, encrypted in the blob folder."""

    database: Database
    blobs: BlobStore

    def keep(self, data: bytes, digest: Digest) -> StoredBlob | None:
        """Write *data* durably, unless it is kept already; call `record` in the transaction that names it.

        Raises:
            StorageFull: The disk took no more.
        """
        with self.database.read() as reading:
            if reading.blobs.exists(digest):
                return None
        return self.blobs.put(data)

    def record(self, unit: Unit, stored: StoredBlob | None) -> None:
        """Name a kept picture in *unit*'s transaction.

        Where somebody else has named the same bytes since `keep` looked, this second file is removed: no row names it.
        """
        if stored is None:
            return
        if unit.blobs.exists(stored.sha256):
            self.blobs.delete(stored)
        else:
            unit.blobs.add(stored)

    def original(self, digest: Digest) -> bytes:
        """Return the bytes of a kept picture.

        Raises:
            NotFound: No such picture is kept.
            MediaDigestMismatch: The file no longer agrees with its digest.
        """
        with self.database.read() as reading:
            row = reading.blobs.get(digest)
        return self.blobs.get(row)
