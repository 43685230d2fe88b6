"""`lookalike case`: open, list, show."""

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.opening import open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, facts, print_json, say, table
from lookalike.domain.galleries import Purpose
from lookalike.domain.statements import FACES_STATEMENT, LEAD_STATEMENT

if TYPE_CHECKING:
    from lookalike.domain.cases import Case, Exhibit, ExhibitFace
    from lookalike.domain.references import NewFace


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="Cases: open, list, show.", no_args_is_help=True)
    group.command("open")(open_case)
    group.command("list")(list_cases)
    group.command("show")(show)
    app.add_typer(group, name="case")


def open_case(
    ref: Annotated[str, typer.Argument(help="The case's own number or name.")],
    purpose: Annotated[str, typer.Option(help=f"One of: {', '.join(Purpose)}.")] = "",
    matter: Annotated[str, typer.Option(help="The offence or matter type.")] = "",
    basis: Annotated[str, typer.Option(help="The legal basis for searching.")] = "",
    requester: Annotated[str | None, typer.Option(help="Who asks for it.", show_default="you")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a case. Purpose, matter and basis are required; a refusal to open one is recorded too."""
    from lookalike.services.cases import OpenCase

    with open_home(home) as application:
        asking = str(application.actor) if requester is None else requester
        command = OpenCase(ref, purpose, matter, basis, asking)
        case = application.cases.open(command, actor=application.actor)
    if as_json:
        print_json(case_as_json(case))
    else:
        emphasise(f"Opened case {case.ref}, entry {case.opened_seq} of the log.")
        say(f"Next: lookalike exhibit add {case.ref} FILE --kind photograph --origin ..")


def list_cases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the cases."""
    with open_home(home) as application:
        cases = application.cases.list()
    if as_json:
        print_json({"cases": [case_as_json(case) for case in cases]})
    elif not cases:
        say("There is no case yet. Open one:")
        say("lookalike case open REF --purpose missing-person --matter .. --basis ..")
    else:
        table(
            ("case", "purpose", "matter", "requester", "opened", "state"),
            [(c.ref, c.purpose, c.matter, c.requester, f"{c.opened_at:%Y-%m-%d %H:%M}", c.state) for c in cases],
        )


def show(
    ref: Annotated[str, typer.Argument(help="A case's reference.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a case, its exhibits and its searches."""
    with open_home(home) as application:
        case, exhibits = application.cases.show(ref)
        with application.database.read() as reading:
            searches = reading.searches.list(case.id)
    if as_json:
        print_json(
            case_as_json(case)
            | {
                "statement": LEAD_STATEMENT,
                "exhibits": [exhibit_as_json(exhibit) for exhibit in exhibits],
                "searches": [
                    {"id": s.id, "exhibit": s.exhibit_label, "made_at": s.made_at.isoformat(), "outcome": s.outcome}
                    for s in searches
                ],
            }
        )
        return
    emphasise(f"Case {case.ref} ({case.state})")
    facts(
        (
            ("purpose", case.purpose),
            ("matter", case.matter),
            ("legal basis", case.legal_basis),
            ("requester", case.requester),
            ("opened", f"{case.opened_at:%Y-%m-%d %H:%M} by {case.opened_by}, entry {case.opened_seq}"),
        )
    )
    if exhibits:
        table(
            ("exhibit", "kind", "file", "origin", "faces"),
            [(e.label, e.kind, e.file_name, e.origin, len(e.faces)) for e in exhibits],
            right=(4,),
        )
    else:
        say(f"No exhibit yet. Add one: lookalike exhibit add {case.ref} FILE --kind photograph --origin ..")
    if searches:
        table(
            ("search", "exhibit", "made", "by", "answer"),
            [(s.id, s.exhibit_label, f"{s.made_at:%Y-%m-%d %H:%M}", s.made_by, s.outcome) for s in searches],
        )
        say(LEAD_STATEMENT)


def case_as_json(case: "Case") -> dict[str, object]:
    """Return a case as the commands' JSON shows it."""
    return {
        "id": case.id,
        "ref": case.ref,
        "purpose": case.purpose,
        "matter": case.matter,
        "legal_basis": case.legal_basis,
        "requester": case.requester,
        "state": case.state,
        "opened_at": case.opened_at.isoformat(),
        "opened_by": case.opened_by,
        "seq": case.opened_seq,
    }


def exhibit_as_json(exhibit: "Exhibit") -> dict[str, object]:
    """Return an exhibit and its faces as the commands' JSON shows them; boxes in pixels of the upright original."""
    width, height = exhibit.picture.upright_size
    return {
        "id": exhibit.id,
        "label": exhibit.label,
        "kind": exhibit.kind,
        "origin": exhibit.origin,
        "file_name": exhibit.file_name,
        "original": exhibit.original,
        "width": width,
        "height": height,
        "analysed_size": list(exhibit.analysed_size),
        "seq": exhibit.added_seq,
        "thorough": exhibit.thorough,
        "statement": FACES_STATEMENT,
        "faces": [face_as_json(face) for face in exhibit.faces],
    }


def face_as_json(face: "ExhibitFace | NewFace") -> dict[str, object]:
    """Return a face as the commands' JSON shows it; never its template."""
    return {
        "number": face.number,
        "box": face.face.box.as_list(),
        "landmarks": face.face.landmarks.as_list(),
        "detector_score": round(face.face.score, 4),
        "quality": round(face.quality.percentile, 1) if face.quality else None,
        "reasons": list(face.quality.reasons) if face.quality else [],
        "not_acquired": face.why_not,
    }
