"""Sheets set as HTML: one file each, no script, nothing fetched, every text escaped."""

import re
import shlex
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lookalike.domain.cases import ExhibitFace
from lookalike.domain.geometry import Box
from lookalike.reports import wording
from lookalike.reports.drawings import data_address, drawing
from lookalike.reports.sheets import AnswerSheet, FaceMark, FacesSheet
from lookalike.reports.strips import strip_of

_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\"'<>\\^`{|}]+", re.IGNORECASE)


def answer_html(sheet: AnswerSheet) -> str:
    """Set an answer as one HTML document that stands alone.

    Args:
        sheet: The record with the pictures it speaks of. Nothing in it is computed anew.

    Returns:
        The page. It holds its pictures and its style; its content security policy admits nothing else.
    """
    record = sheet.record
    reach = wording.reach_of(record, sheet.pack)
    chosen = next(face for face in sheet.exhibit.faces if face.number == record.receipt.face_number)
    marks = tuple(_mark(face, chosen=face is chosen) for face in sheet.exhibit.faces)
    return _page(
        "answer.html",
        foot=f"Lookalike answer sheet, case {record.case_ref}, search {record.id}, entry {record.seq:,}",
        values={
            "title": f"Search {record.id}, case {record.case_ref}",
            "sheet": sheet,
            "headline": wording.headline(record),
            "meaning": wording.meaning(record),
            "reach": reach,
            "strip": strip_of(record, reach),
            "probe": drawing(record.exhibit_label, sheet.probe, marks),
            "probe_crop": data_address(sheet.probe_crop),
            "chosen": chosen,
            "refused": sum(face.why_not is not None for face in sheet.exhibit.faces),
            "crops": [data_address(view.crop_jpeg) for view in sheet.candidates],
            "enrolled": [
                (
                    view.candidate,
                    drawing(wording.short(view.candidate.external_id, 64), view.picture, (_plain(view.box),)),
                )
                for view in sheet.candidates
                if view.picture is not None
            ],
            "commands": {
                "replay": _command("search", "replay", record.id, home=sheet.home),
                "verify": _command("audit", "verify", home=sheet.home),
            },
        },
    )


def faces_html(sheet: FacesSheet) -> str:
    """Set pictures with their faces as one HTML document that stands alone."""
    faces = [mark for _, _, marks, _ in sheet.pictures for mark in marks]
    refused = sum(mark.why_not is not None for mark in faces)
    found = wording.count(len(faces), "face", "faces")
    where = wording.count(len(sheet.pictures), "picture", "pictures")
    headline = f"{found} found in {where}" if faces else f"No face found in {where}"
    if refused:
        headline += f"; {refused:,} could not be acquired"
    if sheet.unreadable:
        headline += f". {wording.count(len(sheet.unreadable), 'picture', 'pictures')} could not be looked at"
    return _page(
        "faces.html",
        foot=f"Lookalike: {sheet.title}, {wording.moment(sheet.made_at)}",
        values={
            "title": sheet.title,
            "sheet": sheet,
            "headline": f"{headline}.",
            "pictures": [
                {
                    "drawing": drawing(name, view, marks),
                    "faces": [(mark, data_address(crop)) for mark, crop in zip(marks, crops, strict=True)],
                }
                for name, view, marks, crops in sheet.pictures
            ],
        },
    )


def css_text(text: str) -> str:
    r"""Return *text* as a CSS string that nothing can break out of.

    Example:
        >>> css_text('a"</style>')
        '"a\\22 \\3c \\2f style\\3e "'
    """
    safe = (
        character if character.isascii() and (character.isalnum() or character in " .,:-") else f"\\{ord(character):x} "
        for character in wording.clean(wording.short(text, 160))
    )
    return f'"{"".join(safe)}"'


def _page(template: str, *, foot: str, values: Mapping[str, object]) -> str:
    style = _style().replace("PAGE_FOOT", css_text(foot))
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            # Every character of it is ours, or was escaped by css_text.
            style=Markup(style),  # noqa: S704
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )


@cache
def _style() -> str:
    folder = files("lookalike.reports") / "templates"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("tokens.css", "sheet.css"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lookalike.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalised,
    )
    environment.filters.update(
        bare=lambda address: address.split("://", 1)[-1],
        count=wording.count,
        moment=wording.moment,
        one_in=wording.one_in,
        purpose_words=wording.purpose_words,
        quality_words=wording.quality_words,
        short=wording.short,
    )
    environment.globals.update(strangers_figure=wording.strangers_figure, strangers_words=wording.strangers_words)
    environment.tests["web_address"] = lambda text: _WEB_ADDRESS.fullmatch(text) is not None
    return environment


def _finalised(value: object) -> object:
    return wording.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _mark(face: ExhibitFace, *, chosen: bool) -> FaceMark:
    return FaceMark(face.number, face.face.box, face.face.landmarks, chosen, face.quality, face.why_not)


def _plain(box: Box) -> FaceMark:
    return FaceMark(1, box, landmarks=None, chosen=False, quality=None, why_not=None)


def _command(*words: str, home: str) -> str:
    where = ("--home", home) if home else ()
    return shlex.join(("lookalike", *words, *where))
