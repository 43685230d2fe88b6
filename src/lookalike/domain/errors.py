"""The error tree. Every failure says what happened, what was kept and what to do.

    LookalikeError
    ├── InvalidInput                 the caller can mend it         HTTP 422   exit 2
    │   ├── UnreadableMedia          a picture that cannot be decoded, with its reason
    │   ├── NoFaceFound              a picture without a face
    │   └── NoFaceChosen             several faces, and none was chosen
    ├── NotFound                     no such thing here             HTTP 404   exit 3
    ├── Conflict                     contradicts the record         HTTP 409   exit 4
    │   └── IncomparableTemplates    templates of two model packs
    ├── Denied                       the actor or the case may not  HTTP 403   exit 5
    │   ├── PolicyRefusal            a rule refused; the refusal is on the record
    │   └── WrongKey                 the key does not open this home
    ├── IntegrityError               evidence no longer agrees      HTTP 500   exit 6
    │   ├── ModelDigestMismatch      a model file is not the file it claims to be
    │   ├── MediaDigestMismatch      a stored picture is not the picture it was
    │   └── AuditLogBroken           the log does not re-derive
    └── Unavailable                  try later                      HTTP 503   exit 7
        └── StorageFull              the disk took no more

What is *expected* (a face that cannot be acquired, a picture refused in a folder of thousands) is a
value and is counted, not an exception.
"""

from typing import ClassVar, TypedDict


class Diagnostics(TypedDict):
    """What a person or a program needs to act on a failure."""

    code: str
    happened: str
    kept: str
    remedy: str
    values: dict[str, object]


class LookalikeError(Exception):
    """The root of everything this project raises on purpose.

    Args:
        happened: One sentence: what happened.
        kept: One sentence: what was kept, or that nothing changed.
        remedy: One sentence: what to do now.
        **values: The facts behind the sentences, JSON-serialisable, for programs.

    Example:
        >>> NotFound("There is no gallery 'staff'.", remedy="Run: lookalike gallery list").code
        'not_found'
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        happened: str,
        *,
        kept: str = "Nothing was changed.",
        remedy: str = "",
        **values: object,
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.kept = kept
        self.remedy = remedy
        self.values = values

    def diagnostics(self) -> Diagnostics:
        """Return the failure as data: code, sentences and values."""
        return {
            "code": self.code,
            "happened": self.happened,
            "kept": self.kept,
            "remedy": self.remedy,
            "values": self.values,
        }


class InvalidInput(LookalikeError):
    """The caller gave something that cannot be used, and can mend it."""

    code = "invalid_input"
    exit_status = 2
    http_status = 422


class UnreadableMedia(InvalidInput):
    """A picture that cannot be decoded; ``values['reason']`` says why, in one word."""

    code = "unreadable_media"


class NoFaceFound(InvalidInput):
    """A picture in which no face was found, where one is needed."""

    code = "no_face_found"


class NoFaceChosen(InvalidInput):
    """Several faces, and nobody said which one to search."""

    code = "no_face_chosen"


class NotFound(LookalikeError):
    """There is no such thing in this home."""

    code = "not_found"
    exit_status = 3
    http_status = 404


class Conflict(LookalikeError):
    """The request contradicts what is recorded."""

    code = "conflict"
    exit_status = 4
    http_status = 409


class IncomparableTemplates(Conflict):
    """Templates, thresholds or calibrations of different model packs were to be compared."""

    code = "incomparable_templates"


class Denied(LookalikeError):
    """The actor, or the case, may not do this."""

    code = "denied"
    exit_status = 5
    http_status = 403


class PolicyRefusal(Denied):
    """A rule refused the act; ``values['rule']`` names it. The refusal itself is on the record."""

    code = "policy_refusal"


class WrongKey(Denied):
    """The key given does not open this home."""

    code = "wrong_key"


class IntegrityError(LookalikeError):
    """Evidence no longer agrees with its digest. Loud on purpose."""

    code = "integrity_error"
    exit_status = 6


class ModelDigestMismatch(IntegrityError):
    """A model file is not the file its manifest names."""

    code = "model_digest_mismatch"


class MediaDigestMismatch(IntegrityError):
    """A stored picture is not the picture that was stored."""

    code = "media_digest_mismatch"


class AuditLogBroken(IntegrityError):
    """The audit log does not re-derive from its entries."""

    code = "audit_log_broken"


class Unavailable(LookalikeError):
    """Something needed is not to be had now; trying again is safe."""

    code = "unavailable"
    exit_status = 7
    http_status = 503


class StorageFull(Unavailable):
    """The disk took no more bytes; what was acknowledged is kept."""

    code = "storage_full"
