"""The rules of intake and entitlement: pure decisions, with the rule's name, the reason and the remedy.

Each refusal is a value; the services put it on the record and then raise it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lookalike.domain.candidates import LONGEST_LIST, SHORTEST_LIST
from lookalike.domain.cases import Case, CaseState
from lookalike.domain.galleries import Gallery, GalleryState, Purpose
from lookalike.domain.probes import ProbeKind


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule said no.

    Attributes:
        rule: The behaviour's name: ``O1``, ``O3``, ``O4``, ``O5``, ``O6``.
        reason: One sentence: what stood against it.
        remedy: One sentence: what would let it pass.
    """

    rule: str
    reason: str
    remedy: str


def intake(*, purpose: str, matter: str, legal_basis: str, requester: str) -> Refused | None:
    """Decide whether a case may be opened (O1): purpose, matter, legal basis and requester are all stated.

    Example:
        >>> intake(purpose="journalism", matter=" ", legal_basis="Press law", requester="ada").reason
        'A case needs its matter or offence type.'
    """
    stated = (
        ("purpose", purpose, "--purpose"),
        ("matter or offence type", matter, "--matter"),
        ("legal basis", legal_basis, "--basis"),
        ("requester", requester, "--requester"),
    )
    for what, text, option in stated:
        if not text.strip():
            return Refused("O1", f"A case needs its {what}.", f"State it with {option}.")
        if not text.isprintable():
            return Refused("O1", f"The {what} must be one line of printable text.", f"State it again with {option}.")
    if purpose not in list(Purpose):
        known = ", ".join(Purpose)
        return Refused("O1", f"{purpose!r} is not a purpose that galleries can permit.", f"Use one of: {known}.")
    return None


def exhibit(*, kind: str, origin: str) -> Refused | None:
    """Decide whether a picture may become an exhibit (O1: its origin; O4: its kind).

    Example:
        >>> exhibit(kind="sketch", origin="artist").rule
        'O4'
    """
    if not origin.strip():
        return Refused("O1", "An exhibit needs its origin: where the picture comes from.", "State it with --origin.")
    if not origin.isprintable():
        return Refused("O1", "The origin must be one line of printable text.", "State it again with --origin.")
    if kind not in list(ProbeKind):
        known = ", ".join(ProbeKind)
        return Refused(
            "O4",
            f"{kind!r} is not a kind of probe: sketches, composites, generated and enhanced pictures are not searched.",
            f"Add the photograph itself, as one of: {known}.",
        )
    return None


def list_size(limit: int) -> Refused | None:
    """Decide on the length of a candidate list (O6): 2 to 50."""
    if SHORTEST_LIST <= limit <= LONGEST_LIST:
        return None
    return Refused(
        "O6",
        f"A candidate list holds {SHORTEST_LIST} to {LONGEST_LIST} candidates, not {limit}.",
        f"Use --limit {SHORTEST_LIST} to {LONGEST_LIST}.",
    )


def enrolment(gallery: Gallery, *, today: date) -> Refused | None:
    """Decide whether references may be added to *gallery* (O3)."""
    if gallery.state is not GalleryState.OPEN:
        return Refused("O3", f"Gallery {gallery.name} is closed.", "Enrol into an open gallery.")
    if gallery.is_expired(today):
        return Refused(
            "O3",
            f"Gallery {gallery.name} expired on {gallery.declared.retain_until}.",
            "Register a gallery with a basis that still holds.",
        )
    return None


def entitlement(case: Case, gallery: Gallery, *, today: date) -> Refused | None:
    """Decide whether *gallery* may be searched in *case* (O3): open, not expired, within its purposes."""
    if case.state is not CaseState.OPEN:
        return Refused("O1", f"Case {case.ref} is closed.", "Search in an open case.")
    if gallery.state is not GalleryState.OPEN:
        return Refused("O3", f"Gallery {gallery.name} is closed.", "Choose an open gallery.")
    if gallery.is_expired(today):
        return Refused(
            "O3",
            f"Gallery {gallery.name} expired on {gallery.declared.retain_until} and cannot be searched.",
            "Choose a gallery that is still held lawfully.",
        )
    if case.purpose not in gallery.declared.purposes:
        permitted = ", ".join(gallery.declared.purposes)
        return Refused(
            "O3",
            f"Gallery {gallery.name} may not be searched for {case.purpose}; it is held for {permitted}.",
            "Choose a gallery held for this purpose.",
        )
    return None


def entitled(case: Case, galleries: Iterable[Gallery], *, today: date) -> tuple[Gallery, ...]:
    """Return those of *galleries* that may be searched in *case*, in their order."""
    return tuple(gallery for gallery in galleries if entitlement(case, gallery, today=today) is None)
