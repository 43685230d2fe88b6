"""`lookalike faces`: detect and assess only; nothing is stored, nothing is searched."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.cases import face_as_json
from lookalike.cli.exhibits import face_row
from lookalike.cli.opening import SHEET_MARK, check_output, open_home, write_sheet
from lookalike.cli.options import HomeOption, JsonOption, SheetOption
from lookalike.cli.terminal import emphasise, print_json, say, table
from lookalike.domain.statements import FACES_STATEMENT

if TYPE_CHECKING:
    from lookalike.services.analysis import AnalysedPicture


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("faces")(faces)


def faces(
    picture: Annotated[list[Path], typer.Argument(help="Pictures.", metavar="PICTURE...")],
    sheet: SheetOption = None,
    thorough: Annotated[bool, typer.Option("--thorough", help="Also look for tiny faces, in enlarged tiles.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find and assess the faces in pictures. Nothing is stored."""
    from lookalike.domain.errors import InvalidInput, NotFound
    from lookalike.sources import read_bytes

    check_output(sheet, ours=SHEET_MARK)
    analysed: list[tuple[str, bytes, AnalysedPicture]] = []
    unreadable: list[tuple[str, str]] = []
    with open_home(home) as application:
        for path in picture:
            try:
                data = read_bytes(path, application.settings.picture_bytes)
                found = application.analyst.probe(data, name=path.name, thorough=thorough)
            except (InvalidInput, NotFound) as error:
                unreadable.append((str(path), str(error.values.get("reason", error.happened))))
                continue
            analysed.append((str(path), data, found))
        if sheet is not None:
            write_sheet(sheet, application.sheets.faces(analysed, unreadable))
    if as_json:
        print_json(
            {
                "pictures": [_as_json(name, found) for name, _, found in analysed],
                "statement": FACES_STATEMENT,
                "unreadable": [{"name": name, "reason": reason} for name, reason in unreadable],
            }
        )
    else:
        for name, _, found in analysed:
            _describe(name, found)
        for name, reason in unreadable:
            emphasise(f"{name}: could not be looked at: {reason}")
        if sheet is not None:
            say(f"Sheet: {sheet}")
    if unreadable:
        raise typer.Exit(InvalidInput.exit_status)


def _describe(name: str, found: "AnalysedPicture") -> None:
    width, height = found.origin.upright_size
    emphasise(f"{name}: {len(found.faces)} faces in {width} x {height} pixels")
    if found.faces:
        table(
            ("face", "at (pixels)", "size", "quality", "remarks"), [face_row(face) for face in found.faces], right=(0,)
        )


def _as_json(name: str, found: "AnalysedPicture") -> dict[str, object]:
    width, height = found.origin.upright_size
    return {
        "name": name,
        "sha256": found.digest,
        "width": width,
        "height": height,
        "analysed_size": list(found.analysed_size),
        "faces": [face_as_json(face) for face in found.faces],
    }
