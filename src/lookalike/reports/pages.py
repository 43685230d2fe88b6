"""Sheets set as HTML."""

from lookalike.reports.sheets import AnswerSheet, FacesSheet


def faces_html(sheet: FacesSheet) -> str:
    """Set *sheet* as one HTML document."""
    return f"<!doctype html><title>{len(sheet.pictures)}</title>"


def answer_html(sheet: AnswerSheet) -> str:
    """Set *sheet* as one HTML document."""
    return f"<!doctype html><title>{len(sheet.candidates)}</title>"
