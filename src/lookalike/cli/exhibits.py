"""`lookalike exhibit`: add a picture to a case, show its faces."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.cases import exhibit_as_json
from lookalike.cli.opening import SHEET_MARK, check_output, open_home, write_sheet
from lookalike.cli.options import HomeOption, JsonOption, SheetOption
from lookalike.cli.terminal import emphasise, print_json, say, table
from lookalike.domain.probes import ProbeKind

if TYPE_CHECKING:
    from lookalike.domain.cases import Exhibit, ExhibitFace
    from lookalike.domain.references import NewFace


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="Exhibits: add a picture to a case, show its faces.", no_args_is_help=True)
    group.command("add")(add)
    group.command("show")(show)
    app.add_typer(group, name="exhibit")


def add(
    case: Annotated[str, typer.Argument(help="A case's reference.")],
    file: Annotated[Path, typer.Argument(help="The picture; it is copied as it is and never changed.")],
    kind: Annotated[str, typer.Option(help=f"What it is: {', '.join(ProbeKind)}.")] = "",
    origin: Annotated[str, typer.Option(help="Where it comes from.")] = "",
    thorough: Annotated[bool, typer.Option("--thorough", help="Also look for tiny faces, in enlarged tiles.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a picture to a case and list the faces in it. Nothing is searched."""
    from lookalike.services.cases import AddExhibit
    from lookalike.sources import printable, read_bytes

    with open_home(home) as application:
        data = read_bytes(file, application.settings.picture_bytes)
        stated = AddExhibit(case, kind, origin, printable(file.name), data, thorough)
        exhibit = application.exhibits.add(stated, actor=application.actor)
        with application.database.read() as reading:
            enrolled = reading.references.by_original(exhibit.original)
    if as_json:
        print_json(exhibit_as_json(exhibit))
        return
    emphasise(f"Exhibit {exhibit.label} of case {case}: {exhibit.file_name}, entry {exhibit.added_seq} of the log.")
    for reference in enrolled:
        say(f"This very picture is enrolled in {reference.gallery_name} as {reference.external_id}, and finds itself.")
    _list_faces(exhibit)
    if exhibit.faces:
        choose = " --face N" if len(exhibit.faces) > 1 else ""
        say(f"Next: lookalike search run {case} {exhibit.label}{choose}")


def show(
    case: Annotated[str, typer.Argument(help="A case's reference.")],
    exhibit: Annotated[str, typer.Argument(help="An exhibit's label, such as E1.")],
    sheet: SheetOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an exhibit and its numbered faces; --sheet draws them on the picture."""
    check_output(sheet, ours=SHEET_MARK)
    with open_home(home) as application:
        with application.database.read() as reading:
            found = reading.exhibits.by_label(reading.cases.by_ref(case).id, exhibit)
        if sheet is not None:
            write_sheet(sheet, application.sheets.exhibit(found, actor=application.actor))
    if as_json:
        print_json(exhibit_as_json(found))
        return
    emphasise(f"Exhibit {found.label} of case {case}: {found.file_name}")
    say(f"{found.kind} from {found.origin}; sha256 {found.original}")
    _list_faces(found)
    if sheet is not None:
        say(f"Sheet: {sheet}")


def _list_faces(exhibit: "Exhibit") -> None:
    if not exhibit.faces:
        say("No face was found in it. A larger original may show one; nothing can be searched as it is.")
        return
    table(
        ("face", "at (pixels)", "size", "quality", "remarks"),
        [face_row(face) for face in exhibit.faces],
        right=(0,),
    )


def face_row(face: "ExhibitFace | NewFace") -> tuple[object, ...]:
    """Return one face as a table row: number, place, size, quality in words, remarks."""
    box = face.face.box
    return (
        face.number,
        f"{box.x:.0f}, {box.y:.0f}",
        f"{box.width:.0f} x {box.height:.0f}",
        f"better than {int(face.quality.percentile)} of 100" if face.quality else "not acquired",
        ", ".join(face.quality.reasons) if face.quality else str(face.why_not),
    )
