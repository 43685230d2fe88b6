"""`lookalike enrol`: pictures into a gallery."""

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.opening import REFUSED_MARK, check_output, open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, print_json, progress, say, table

if TYPE_CHECKING:
    from lookalike.services.enrolment import EnrolmentReport, ItemReport

SHOWN_REFUSALS = 20


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("enrol")(enrol)


def enrol(
    gallery: Annotated[str, typer.Argument(help="A registered gallery.")],
    source: Annotated[list[Path], typer.Argument(help="Folders and files.", metavar="SOURCE...")],
    manifest: Annotated[
        Path | None, typer.Option(help="CSV or JSONL with external ids and provenance (docs/reference/manifest.md).")
    ] = None,
    refused: Annotated[Path | None, typer.Option(help="Write what was refused, and why, to this CSV file.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol pictures. Every one is enrolled, unchanged or refused with its reason; running it again changes nothing."""
    from lookalike.bootstrap import today
    from lookalike.sources import items

    check_output(refused, ours=REFUSED_MARK)
    with open_home(home) as application, progress(quiet=as_json) as shown:
        counting = shown.add_task("Counting", total=None, rate="")
        total = sum(1 for _ in items(source, manifest=manifest))
        shown.remove_task(counting)
        task = shown.add_task("Enrolling", total=total, rate="")
        started = time.monotonic()
        done = 0

        def advance(_: "ItemReport") -> None:
            nonlocal done
            done += 1
            shown.update(task, completed=done, rate=f"{done / max(time.monotonic() - started, 1e-3):.1f}/s")

        report = application.enrolment.run(
            gallery,
            items(source, manifest=manifest),
            actor=application.actor,
            today=today(),
            progress=advance,
        )
    if refused is not None:
        _write_refused(refused, report)
    if as_json:
        print_json(_as_json(report))
    else:
        _describe(report, total, time.monotonic() - started)
    if report.was_stopped:
        raise typer.Exit(130)
    if report.refused and not report.enrolled + report.unchanged:
        raise typer.Exit(2)  # not one picture could be used


def _describe(report: "EnrolmentReport", total: int, seconds: float) -> None:
    if report.enrolled == 0 and not report.refused:
        emphasise(f"Nothing changed: all {report.unchanged:,} pictures were enrolled in {report.gallery} already.")
        return
    if report.enrolled + report.unchanged == 0:
        emphasise(f"Nothing was enrolled in {report.gallery}: every one of {len(report.refused):,} items was refused.")
    else:
        emphasise(
            f"Enrolled {report.enrolled:,} pictures with {report.faces:,} faces in {report.gallery}; "
            f"its version is {report.version} now."
        )
    if report.several:
        say(f"{report.several:,} of them show several faces; each face carries its picture's external id.")
    say(f"{report.unchanged:,} unchanged, {len(report.refused):,} refused, {seconds:.1f} s.")
    if report.was_stopped:
        say(f"{report.done:,} of {total:,} items were accounted for.")
    if report.refused:
        table(("pictures", "refused for"), [(count, reason) for reason, count in report.reasons.items()], right=(0,))
        for item in report.refused[:SHOWN_REFUSALS]:
            say(f"  {item.key}: {item.reason}")
        if len(report.refused) > SHOWN_REFUSALS:
            say(f"  and {len(report.refused) - SHOWN_REFUSALS:,} more; --refused FILE.csv lists them all.")


def _write_refused(path: Path, report: "EnrolmentReport") -> None:
    """Write the refused items; cells that a spreadsheet would run are made inert by a leading apostrophe."""
    from lookalike.domain.errors import InvalidInput

    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("key", "external_id", "reason", "faces"))
            for item in report.refused:
                writer.writerow((_inert(item.key), _inert(item.external_id), _inert(item.reason), item.faces))
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror}.", kept="The enrolment itself is kept."
        ) from error


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _as_json(report: "EnrolmentReport") -> dict[str, object]:
    return {
        "gallery": report.gallery,
        "version": report.version,
        "enrolled": report.enrolled,
        "faces": report.faces,
        "unchanged": report.unchanged,
        "several": report.several,
        "refused": [
            {"key": r.key, "external_id": r.external_id, "reason": r.reason, "faces": r.faces} for r in report.refused
        ],
        "reasons": report.reasons,
        "was_stopped": report.was_stopped,
    }
