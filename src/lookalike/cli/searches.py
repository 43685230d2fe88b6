"""`lookalike search`: run, show, replay."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.opening import SHEET_MARK, check_output, open_home, write_sheet
from lookalike.cli.options import HomeOption, JsonOption, SheetOption
from lookalike.cli.terminal import emphasise, print_json, say, table
from lookalike.domain.candidates import USUAL_LIST
from lookalike.domain.statements import LEAD_STATEMENT

if TYPE_CHECKING:
    from lookalike.bootstrap import Application
    from lookalike.domain.calibration import ExpectedStrangers
    from lookalike.domain.identifiers import FaceId
    from lookalike.domain.references import Provenance, ReferenceFace
    from lookalike.domain.searches import Candidate, SearchRecord

FEWEST_SHOWN = 0.001
"""Fewer expected strangers than this are printed as fewer; the calibration holds no more digits."""


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="Searches: run, show, replay.", no_args_is_help=True)
    group.command("run")(run)
    group.command("show")(show)
    group.command("replay")(replay)
    app.add_typer(group, name="search")


def run(
    case: Annotated[str, typer.Argument(help="A case's reference.")],
    exhibit: Annotated[str, typer.Argument(help="An exhibit's label, such as E1.")],
    face: Annotated[int | None, typer.Option(help="Which face, where the exhibit shows several.")] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="A gallery; may be given several times.", show_default="all entitled")
    ] = None,
    limit: Annotated[int, typer.Option(help="Candidates to list, 2 to 50.")] = USUAL_LIST,
    as_of: Annotated[
        int | None,
        typer.Option(
            help="Search the galleries as they stood after this entry of the log, what was removed since included.",
            metavar="SEQ",
        ),
    ] = None,
    sheet: SheetOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search one face of an exhibit; the answer appears once its record is durable."""
    from lookalike.services.searching import SearchCommand

    check_output(sheet, ours=SHEET_MARK)
    with open_home(home) as application:
        command = SearchCommand(
            case_ref=case,
            exhibit_label=exhibit,
            face=face,
            galleries=tuple(gallery or ()),
            limit=limit,
            as_of=as_of,
            target_fpir=application.settings.target_fpir,
        )
        record = application.searches.run(command, actor=application.actor)
        _answer(record, _now(application, record), as_json=as_json)
        _write_sheet(application, record, sheet, as_json=as_json)


def show(
    search: Annotated[str, typer.Argument(help="A search's id.")],
    sheet: SheetOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a search as it was recorded; the view is recorded too."""
    check_output(sheet, ours=SHEET_MARK)
    with open_home(home) as application:
        record = application.records.show(search, actor=application.actor)
        _answer(record, _now(application, record), as_json=as_json)
        _write_sheet(application, record, sheet, as_json=as_json)


def replay(
    search: Annotated[str, typer.Argument(help="A search's id.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a recorded search again, as of the same log position, and say whether anything differs."""
    from lookalike.services.replaying import Verdict

    with open_home(home) as application:
        report = application.replays.run(search, actor=application.actor)
    if as_json:
        print_json(
            {
                "search": report.search,
                "verdict": report.verdict,
                "changes": list(report.changes),
                "largest_difference": report.largest_difference,
                "compared": report.compared,
                "seq": report.seq,
                "statement": LEAD_STATEMENT,
            }
        )
    else:
        emphasise(f"Replay of search {report.search}: {report.verdict}.")
        for change in report.changes:
            say(f"  {change}")
        say(f"{report.compared:,} references compared; entry {report.seq} of the log.")
        say(f"\n{LEAD_STATEMENT}")
    if report.verdict is Verdict.DIFFERS:
        raise typer.Exit(4)


def _write_sheet(application: "Application", record: "SearchRecord", sheet: Path | None, *, as_json: bool) -> None:
    """Write the sheet last: the answer is out by then, whatever becomes of the file."""
    if sheet is None:
        return
    write_sheet(sheet, application.sheets.answer(record, actor=application.actor))
    if not as_json:
        say(f"Sheet: {sheet}")


def _now(application: "Application", record: "SearchRecord") -> "Mapping[FaceId, ReferenceFace]":
    """Return the enrolled faces of a record's candidates as they stand now, some of them perhaps removed."""
    with application.database.read() as reading:
        return reading.references.faces([candidate.face for candidate in record.candidates])


def _answer(record: "SearchRecord", now: "Mapping[FaceId, ReferenceFace]", *, as_json: bool) -> None:
    if as_json:
        print_json(record_as_json(record))
        return
    compared = record.certificate.compared
    above = sum(bool(candidate.above_operating_point) for candidate in record.candidates)
    if compared == 0:
        emphasise("No reference was compared: the galleries searched hold no face.")
    elif above:
        emphasise(
            f"{above} of {len(record.candidates)} candidates stand at or above the operating point, "
            f"among {compared:,} references."
        )
    else:
        emphasise(f"{record.outcome.value[0].upper()}{record.outcome.value[1:]}, among {compared:,} references.")
    threshold = record.threshold
    if threshold is not None:
        say(
            f"Operating point {threshold.value:.3f}: at most {threshold.target_fpir:g} false alarms a search expected "
            f"at this gallery size{', extrapolated' if threshold.is_extrapolated else ''}."
        )
    elif compared:
        say("This model pack is not calibrated: its scores rank candidates and say nothing more.")
    if record.candidates:
        table(
            ("rank", "external id", "gallery", "score", "strangers", "worth review", "source"),
            [_row(record, candidate, now[candidate.face]) for candidate in record.candidates],
            right=(0, 3, 4),
        )
    if threshold is not None:
        say("strangers: references of others expected to score as high at this gallery size (~ extrapolated)")
    galleries = ", ".join(f"{g.name} (version {g.version}, {g.compared:,})" for g in record.receipt.galleries)
    if compared:
        say(f"All {compared:,} references were compared, and the list is proven complete. Galleries: {galleries}")
    if record.receipt.settings.as_of < record.seq - 1:
        say(f"As of entry {record.receipt.settings.as_of} of the log: what was removed since is among the references.")
    say(f"Search {record.id}, entry {record.seq} of the log. Again: lookalike search replay {record.id}")
    say(f"\n{LEAD_STATEMENT}")


def _row(record: "SearchRecord", candidate: "Candidate", now: "ReferenceFace") -> tuple[object, ...]:
    provenance = candidate.provenance
    remarks = (
        f"removed at entry {now.reference.removed_seq}" if now.reference.removed_seq is not None else "",
        f"face {now.number} of its picture" if now.number > 1 else "",
        "the very picture that was searched" if candidate.original == record.receipt.probe else "",
    )
    return (
        candidate.rank,
        candidate.external_id,
        candidate.gallery,
        f"{candidate.score:.3f}",
        in_words(candidate.expected_strangers),
        "yes" if candidate.above_operating_point else "",
        ", ".join(part for part in (*remarks, provenance.captured, _where(provenance)) if part),
    )


def _where(provenance: "Provenance") -> str:
    return provenance.source_page or provenance.picture_address or provenance.file_name


def in_words(strangers: "ExpectedStrangers | None") -> str:
    """Return expected strangers with as many digits as the calibration holds; extrapolated ones carry a tilde."""
    if strangers is None:
        return "-"
    about = "~" if strangers.is_extrapolated else ""
    if strangers.count < FEWEST_SHOWN:
        return f"{about}<{FEWEST_SHOWN:g}"
    return about + (f"{strangers.count:,.0f}" if strangers.count >= 10 else f"{strangers.count:.2g}")


def record_as_json(record: "SearchRecord") -> dict[str, object]:
    """Return a search as the commands' JSON shows it; documented in docs/reference/json.md, and stable."""
    receipt, certificate, threshold = record.receipt, record.certificate, record.threshold
    return {
        "id": record.id,
        "case": record.case_ref,
        "exhibit": record.exhibit_label,
        "made_at": record.made_at.isoformat(),
        "made_by": record.made_by,
        "seq": record.seq,
        "outcome": record.outcome,
        "statement": LEAD_STATEMENT,
        "compared": certificate.compared,
        "is_complete": True,
        "certificate": {
            "codes": certificate.codes,
            "rescored": certificate.rescored,
            "outside_bound": certificate.outside_bound,
            "last_score": certificate.last_score,
        },
        "operating_point": {
            "score": threshold.value,
            "target_fpir": threshold.target_fpir,
            "gallery_size": threshold.gallery_size,
            "calibration": threshold.calibration,
            "is_extrapolated": threshold.is_extrapolated,
        }
        if threshold
        else None,
        "receipt": {
            "probe": receipt.probe,
            "face": receipt.face_number,
            "fingerprint": receipt.fingerprint,
            "galleries": [{"name": g.name, "version": g.version, "compared": g.compared} for g in receipt.galleries],
            "limit": receipt.settings.limit,
            "as_of": receipt.settings.as_of,
            "thorough": receipt.settings.thorough,
            "list": receipt.list_digest,
        },
        "candidates": [_candidate_as_json(candidate) for candidate in record.candidates],
    }


def _candidate_as_json(candidate: "Candidate") -> dict[str, object]:
    provenance, strangers = candidate.provenance, candidate.expected_strangers
    return {
        "rank": candidate.rank,
        "external_id": candidate.external_id,
        "gallery": candidate.gallery,
        "score": candidate.score,
        "expected_strangers": strangers.count if strangers else None,
        "is_extrapolated": strangers.is_extrapolated if strangers else None,
        "above_operating_point": candidate.above_operating_point,
        "reference": candidate.reference,
        "face": candidate.face,
        "original": candidate.original,
        "source": {
            "page": provenance.source_page or None,
            "picture": provenance.picture_address or None,
            "captured": provenance.captured or None,
            "published": provenance.published or None,
            "licence": provenance.licence or None,
            "file_name": provenance.file_name or None,
            "notes": provenance.notes or None,
        },
    }
