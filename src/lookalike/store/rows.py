"""Domain values as columns, and columns as domain values; each pair of functions here is a round trip."""

from typing import Any

from sqlalchemy import Row

from lookalike.domain.faces import DetectedFace, Quality, QualityReason, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.identifiers import Digest, GalleryId, ReferenceId, Seq
from lookalike.domain.references import Provenance, Reference

Columns = dict[str, Any]


def origin_columns(origin: Origin, analysed_size: tuple[int, int]) -> Columns:
    """Return the columns of *origin* and of the size at which faces were looked for."""
    return {
        "format": origin.format,
        "stored_width": origin.stored_width,
        "stored_height": origin.stored_height,
        "orientation": origin.orientation,
        "colour": origin.colour,
        "reduction": origin.reduction,
        "frame_count": origin.frame_count,
        "analysed_width": analysed_size[0],
        "analysed_height": analysed_size[1],
    }


def origin_of(row: Row[Any]) -> Origin:
    """Read what `origin_columns` wrote."""
    return Origin(
        format=row.format,
        stored_width=row.stored_width,
        stored_height=row.stored_height,
        orientation=row.orientation,
        colour=row.colour,
        reduction=row.reduction,
        frame_count=row.frame_count,
    )


def analysed_size_of(row: Row[Any]) -> tuple[int, int]:
    """Read the analysed size that `origin_columns` wrote."""
    return (row.analysed_width, row.analysed_height)


def provenance_columns(provenance: Provenance) -> Columns:
    """Return the columns of *provenance*."""
    return {
        "source_page": provenance.source_page,
        "picture_address": provenance.picture_address,
        "captured": provenance.captured,
        "published": provenance.published,
        "licence": provenance.licence,
        "notes": provenance.notes,
        "file_name": provenance.file_name,
    }


def provenance_of(row: Row[Any]) -> Provenance:
    """Read what `provenance_columns` wrote."""
    return Provenance(
        source_page=row.source_page,
        picture_address=row.picture_address,
        captured=row.captured,
        published=row.published,
        licence=row.licence,
        notes=row.notes,
        file_name=row.file_name,
    )


def face_columns(number: int, face: DetectedFace, quality: Quality | None, why_not: WhyNot | None) -> Columns:
    """Return the columns of a face found in a picture, acquired or not."""
    box, marks = face.box, face.landmarks
    columns: Columns = {
        "number": number,
        "box_x": float(box.x),
        "box_y": float(box.y),
        "box_width": float(box.width),
        "box_height": float(box.height),
        "score": float(face.score),
        "quality_percentile": None,
        "quality_norm": None,
        "eye_distance_px": None,
        "quality_reasons": None,
        "why_not": None if why_not is None else why_not.value,
    }
    for name in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth"):
        x, y = getattr(marks, name)
        columns[f"{name}_x"], columns[f"{name}_y"] = float(x), float(y)
    if quality is not None:
        columns["quality_percentile"] = float(quality.percentile)
        columns["quality_norm"] = float(quality.norm)
        columns["eye_distance_px"] = float(quality.eye_distance_px)
        columns["quality_reasons"] = [reason.value for reason in quality.reasons]
    return columns


def face_of(row: Row[Any]) -> DetectedFace:
    """Read the box, the landmarks and the detector's score that `face_columns` wrote."""
    return DetectedFace(
        box=Box(row.box_x, row.box_y, row.box_width, row.box_height),
        landmarks=Landmarks(
            left_eye=(row.left_eye_x, row.left_eye_y),
            right_eye=(row.right_eye_x, row.right_eye_y),
            nose=(row.nose_x, row.nose_y),
            left_mouth=(row.left_mouth_x, row.left_mouth_y),
            right_mouth=(row.right_mouth_x, row.right_mouth_y),
        ),
        score=row.score,
    )


def quality_of(row: Row[Any]) -> Quality | None:
    """Read the quality that `face_columns` wrote; ``None`` for a face that was not acquired."""
    if row.quality_percentile is None:
        return None
    reasons = tuple(QualityReason(word) for word in row.quality_reasons)
    return Quality(row.quality_percentile, row.quality_norm, row.eye_distance_px, reasons)


def why_not_of(row: Row[Any]) -> WhyNot | None:
    """Read why the face was not acquired; ``None`` for one that was."""
    return None if row.why_not is None else WhyNot(row.why_not)


def reference_of(row: Row[Any], *, id_column: str = "id") -> Reference:
    """Read a reference from its row, which also names its gallery as ``gallery_name``."""
    return Reference(
        id=ReferenceId(getattr(row, id_column)),
        gallery=GalleryId(row.gallery),
        gallery_name=row.gallery_name,
        external_id=row.external_id,
        provenance=provenance_of(row),
        original=Digest(row.original),
        origin=origin_of(row),
        analysed_size=analysed_size_of(row),
        added_seq=Seq(row.added_seq),
        removed_seq=None if row.removed_seq is None else Seq(row.removed_seq),
    )
