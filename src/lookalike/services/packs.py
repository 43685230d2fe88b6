"""Model packs: proposed, accepted by a named person, written, recorded."""

from dataclasses import dataclass
from pathlib import Path

from lookalike.domain.errors import Conflict, Denied, NotFound
from lookalike.domain.identifiers import Actor
from lookalike.domain.log import EntryKind
from lookalike.domain.packs import PackInfo
from lookalike.recognition import PackProposal, inspect_source, list_packs, verify_pack, write_pack
from lookalike.services.fact_digests import fact_digest
from lookalike.services.journal import Journal, next_seq
from lookalike.store import Database


@dataclass(frozen=True, slots=True)
class PackService:
    """Adds, lists and verifies model packs.

    Attributes:
        folder: The home's model folder.
    """

    database: Database
    journal: Journal
    folder: Path

    def propose(self, source: Path) -> PackProposal:
        """Look at *source* and say what pack it would make; nothing is written.

        Raises:
            NotFound: There is no such file or folder.
            InvalidInput: It holds no detector and embedder that can be run.
            ModelDigestMismatch: A file is not what its carrier should hold.
        """
        if not source.exists():
            raise NotFound(f"There is no file or folder {source}.", remedy="Check the path.")
        return inspect_source(source)

    def add(self, proposal: PackProposal, *, accepted: bool, actor: Actor) -> PackInfo:
        """Write a pack whose licence and training-data statement *actor* has accepted.

        Adding the same pack again changes nothing.

        Raises:
            Denied: The licence was not accepted.
            Conflict: The same models were accepted with another manifest.
        """
        if not accepted:
            raise Denied("The licence was not accepted; no model pack was added.", remedy="Run the command again.")
        with self.database.read() as reading:
            known = {pack.fingerprint: pack for pack in reading.packs.list()}.get(proposal.info.fingerprint)
        if known is not None and known != proposal.info:
            raise Conflict(
                f"Model pack {proposal.info.id} was accepted with another manifest: calibration or licence differ.",
                remedy="Use a new home, or the release that added the pack.",
            )
        info = write_pack(proposal, self.folder)
        with self.database.begin() as unit:
            if any(pack.fingerprint == info.fingerprint for pack in unit.packs.list()):
                return info
            seq = next_seq(unit)
            unit.packs.add(info, accepted_by=actor, at=self.journal.now(), seq=seq)
            self.journal.write(
                unit,
                EntryKind.MODEL_ADDED,
                actor,
                {
                    "pack": info.id,
                    "fingerprint": info.fingerprint,
                    "files": [[file.name, file.sha256, file.licence] for file in info.files],
                    "commercial_use": info.commercial_use,
                    "digest": fact_digest(info),
                },
            )
        return info

    def list(self) -> tuple[PackInfo, ...]:
        """Return the packs in the model folder."""
        return list_packs(self.folder)

    def verify(self, pack: str) -> PackInfo:
        """Hash every file of a pack again.

        Raises:
            NotFound: No such pack.
            ModelDigestMismatch: A file is not what the manifest says.
        """
        if pack not in {known.id for known in self.list()}:
            raise NotFound(f"No model pack {pack!r} is installed.", remedy="Run: lookalike models list")
        return verify_pack(self.folder / pack)
