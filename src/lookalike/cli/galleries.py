"""`lookalike gallery`: register, list, show, remove."""

from datetime import datetime
from typing import Annotated

import typer

from lookalike.cli.opening import open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, facts, print_json, say, table
from lookalike.domain.galleries import Gallery, GalleryCounts, NewGallery, Purpose, SubjectCategory


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="Galleries: register, list, show, remove a reference.", no_args_is_help=True)
    group.command("register")(register)
    group.command("list")(list_galleries)
    group.command("show")(show)
    group.command("remove")(remove)
    app.add_typer(group, name="gallery")


def register(
    name: Annotated[str, typer.Argument(help="Letters, digits, '-', '_' or '.'.")],
    owner: Annotated[str, typer.Option(help="Whose gallery it is.")],
    basis: Annotated[str, typer.Option(help="The legal basis for holding these faces.")],
    category: Annotated[SubjectCategory, typer.Option(help="Who the people in it are.")],
    purpose: Annotated[
        list[Purpose], typer.Option(help="A purpose it may be searched for; may be given several times.")
    ],
    retain_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="After this day it can be searched no more.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a gallery; pictures are enrolled into it afterwards."""
    declared = NewGallery(
        name=name,
        owner=owner,
        legal_basis=basis,
        subject_category=category,
        purposes=tuple(dict.fromkeys(purpose)),
        retain_until=retain_until.date() if retain_until else None,
    )
    with open_home(home) as application:
        gallery = application.galleries.register(declared, actor=application.actor)
    if as_json:
        print_json(_as_json(gallery, GalleryCounts(0, 0)))
    else:
        emphasise(f"Registered gallery {gallery.name}.")
        say(f"Next: lookalike enrol {gallery.name} FOLDER")


def list_galleries(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the galleries, and what each holds."""
    with open_home(home) as application:
        rows = application.galleries.list()
    if as_json:
        print_json({"galleries": [_as_json(gallery, counts) for gallery, counts in rows]})
    elif not rows:
        say("There is no gallery yet. Register one:")
        say("lookalike gallery register NAME --owner .. --basis .. --category archive --purpose archive-research")
    else:
        table(
            ("gallery", "pictures", "faces", "version", "category", "purposes", "retain until", "state"),
            [
                (
                    g.name, f"{c.references:,}", f"{c.faces:,}", g.version, g.declared.subject_category,
                    ", ".join(g.declared.purposes), g.declared.retain_until or "", g.state,
                )
                for g, c in rows
            ],
            right=(1, 2, 3),
        )  # fmt: skip


def show(
    name: Annotated[str, typer.Argument(help="A gallery's name.")], home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show a gallery: owner, legal basis, purposes, retention, size and version."""
    with open_home(home) as application:
        gallery, counts = application.galleries.show(name)
    if as_json:
        print_json(_as_json(gallery, counts))
        return
    declared = gallery.declared
    emphasise(f"Gallery {gallery.name}")
    facts(
        (
            ("owner", declared.owner),
            ("legal basis", declared.legal_basis),
            ("category", declared.subject_category),
            ("purposes", ", ".join(declared.purposes)),
            ("retain until", declared.retain_until or "not limited"),
            ("state", gallery.state),
            ("registered", f"{gallery.registered_at:%Y-%m-%d %H:%M} by {gallery.registered_by}"),
            ("holds", f"{counts.references:,} pictures with {counts.faces:,} faces"),
            ("version", f"{gallery.version} (log position of its last change)"),
            ("model pack", gallery.fingerprint or "none yet"),
        )
    )


def remove(
    name: Annotated[str, typer.Argument(help="A gallery's name.")],
    external_id: Annotated[str, typer.Argument(help="The external id whose references are taken out.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take references out of a gallery. No search of it as it is now returns them; --as-of shows it as it stood."""
    with open_home(home) as application:
        removed = application.galleries.remove(name, external_id, reason=reason, actor=application.actor)
    if as_json:
        print_json({"gallery": name, "external_id": external_id, "removed": len(removed)})
    else:
        emphasise(f"Removed {len(removed)} references {external_id!r} from {name}.")


def _as_json(gallery: Gallery, counts: GalleryCounts) -> dict[str, object]:
    declared = gallery.declared
    return {
        "name": gallery.name,
        "owner": declared.owner,
        "legal_basis": declared.legal_basis,
        "category": declared.subject_category,
        "purposes": list(declared.purposes),
        "retain_until": declared.retain_until.isoformat() if declared.retain_until else None,
        "state": gallery.state,
        "registered_at": gallery.registered_at.isoformat(),
        "registered_by": gallery.registered_by,
        "references": counts.references,
        "faces": counts.faces,
        "version": gallery.version,
        "fingerprint": gallery.fingerprint,
    }
