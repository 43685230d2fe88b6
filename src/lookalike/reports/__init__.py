"""Self-contained HTML sheets: records in, documents out; no script, no address outside themselves."""

from lookalike.reports.pages import answer_html, faces_html
from lookalike.reports.sheets import AnswerSheet, CandidateView, FaceMark, FacesSheet, PictureView, ShownPicture

__all__ = [
    "AnswerSheet",
    "CandidateView",
    "FaceMark",
    "FacesSheet",
    "PictureView",
    "ShownPicture",
    "answer_html",
    "faces_html",
]
