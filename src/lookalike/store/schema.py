"""The tables, as the newest revision of the schema has them.

Three rules hold in every table. A column that ends in ``_seq`` is the log position of the entry that recorded the
fact; its foreign key is checked at commit, so that no fact can be committed without its entry. Ids of references,
faces and galleries are given out by the store (`id_counter`), in order and never twice. What a value's domain class
calls a field is what the column is called.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from lookalike.store.column_types import Day, Json, Moment, Real, Small, Whole, Words

REVISION = "0001"
"""The schema revision that this release reads and writes."""

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _seq(name: str, *, nullable: bool = False) -> Column[int]:
    entry = ForeignKey("entry.seq", deferrable=True, initially="DEFERRED")
    return Column(name, Whole, entry, nullable=nullable)


def _actor(name: str) -> Column[str]:
    return Column(name, Words, ForeignKey("actor.name", deferrable=True, initially="DEFERRED"), nullable=False)


def _needed(name: str, kind: type[Words | Real | Small]) -> Column[object]:
    return Column(name, kind(), nullable=False)


def _digest(name: str) -> tuple[Column[str], CheckConstraint]:
    return Column(name, Words, nullable=False), CheckConstraint(f"length({name}) = 64", name=f"{name}_length")


def _origin() -> tuple[Column[object] | CheckConstraint, ...]:
    return (
        _needed("format", Words),
        _needed("stored_width", Small),
        _needed("stored_height", Small),
        _needed("orientation", Small),
        _needed("colour", Words),
        _needed("reduction", Small),
        _needed("frame_count", Small),
        _needed("analysed_width", Small),
        _needed("analysed_height", Small),
        CheckConstraint("orientation BETWEEN 1 AND 8", name="orientation_range"),
    )


def _provenance() -> tuple[Column[object], ...]:
    names = ("source_page", "picture_address", "captured", "published", "licence", "notes", "file_name")
    return tuple(_needed(name, Words) for name in names)


def _found_face() -> tuple[Column[object] | CheckConstraint, ...]:
    points = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
    measures = ("box_x", "box_y", "box_width", "box_height", *(f"{point}_{axis}" for point in points for axis in "xy"))
    return (
        _needed("number", Small),
        *(_needed(name, Real) for name in measures),
        _needed("score", Real),
        Column("quality_percentile", Real),
        Column("quality_norm", Real),
        Column("eye_distance_px", Real),
        Column("quality_reasons", Json),
        Column("why_not", Words),
        CheckConstraint("number >= 1", name="number_range"),
        CheckConstraint("box_width > 0 AND box_height > 0", name="box_size"),
        CheckConstraint("(quality_percentile IS NULL) <> (why_not IS NULL)", name="acquired_or_why_not"),
    )


home = Table(
    "home",
    METADATA,
    Column("id", Small, primary_key=True, autoincrement=False),
    Column("key_check", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

id_counter = Table(
    "id_counter",
    METADATA,
    Column("name", Words, primary_key=True),
    Column("last", Whole, nullable=False),
)

log_head = Table(
    "log_head",
    METADATA,
    Column("id", Small, primary_key=True, autoincrement=False),
    Column("size", Whole, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("size >= 0", name="size_range"),
    CheckConstraint("length(peaks) / 32 * 32 = length(peaks)", name="peaks_length"),
)

entry = Table(
    "entry",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("kind", Words, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Words, nullable=False),
    CheckConstraint("seq >= 0", name="seq_range"),
    CheckConstraint("length(leaf) = 32", name="leaf_length"),
)

actor = Table(
    "actor",
    METADATA,
    Column("name", Words, primary_key=True),
    Column("added_at", Moment, nullable=False),
    _seq("added_seq"),
)

pack = Table(
    "pack",
    METADATA,
    Column("number", Small, primary_key=True, autoincrement=False),
    Column("fingerprint", Words, nullable=False),
    Column("id", Words, nullable=False),
    Column("dimension", Small, nullable=False),
    Column("files", Json, nullable=False),
    Column("training_data", Words, nullable=False),
    Column("commercial_use", Words, nullable=False),
    Column("licence_text", Words, nullable=False),
    Column("calibration", Json),
    _actor("accepted_by"),
    Column("accepted_at", Moment, nullable=False),
    _seq("accepted_seq"),
    UniqueConstraint("fingerprint"),
    CheckConstraint("dimension >= 1", name="dimension_range"),
)

gallery = Table(
    "gallery",
    METADATA,
    Column("id", Small, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False),
    Column("name_key", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("legal_basis", Words, nullable=False),
    Column("subject_category", Words, nullable=False),
    Column("purposes", Json, nullable=False),
    Column("retain_until", Day),
    Column("state", Words, nullable=False),
    Column("registered_at", Moment, nullable=False),
    _actor("registered_by"),
    _seq("registered_seq"),
    _seq("version"),
    Column("pack", Small, ForeignKey("pack.number")),
    UniqueConstraint("name_key"),
    CheckConstraint("state IN ('open', 'closed')", name="state_word"),
    CheckConstraint("version >= registered_seq", name="version_range"),
)

reference = Table(
    "reference",
    METADATA,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("gallery", Small, ForeignKey("gallery.id"), nullable=False),
    Column("external_id", Words, nullable=False),
    *_provenance(),
    *_digest("original"),
    *_origin(),
    _seq("added_seq"),
    _seq("removed_seq", nullable=True),
    CheckConstraint("removed_seq > added_seq", name="removed_after_added"),
)
_enrolled = text("removed_seq IS NULL")
Index(
    "uq_reference_enrolled",
    reference.c.gallery,
    reference.c.external_id,
    reference.c.original,
    unique=True,
    sqlite_where=_enrolled,
    postgresql_where=_enrolled,
)
Index("ix_reference_original", reference.c.original)
Index("ix_reference_added", reference.c.gallery, reference.c.added_seq)
_removed = text("removed_seq IS NOT NULL")
for _name, _columns in (
    ("ix_reference_removed", (reference.c.gallery, reference.c.removed_seq)),
    ("ix_reference_removals", (reference.c.removed_seq,)),
):
    Index(_name, *_columns, sqlite_where=_removed, postgresql_where=_removed)

face = Table(
    "face",
    METADATA,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("reference", Whole, ForeignKey("reference.id"), nullable=False),
    *_found_face(),
    UniqueConstraint("reference", "number"),
)

template = Table(
    "template",
    METADATA,
    Column("face", Whole, ForeignKey("face.id"), primary_key=True, autoincrement=False),
    Column("reference", Whole, ForeignKey("reference.id"), nullable=False),
    Column("pack", Small, ForeignKey("pack.number"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)
Index("ix_template_reference", template.c.reference)

case = Table(
    "case",
    METADATA,
    Column("id", Words, primary_key=True),
    Column("ref", Words, nullable=False),
    Column("purpose", Words, nullable=False),
    Column("matter", Words, nullable=False),
    Column("legal_basis", Words, nullable=False),
    Column("requester", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("opened_at", Moment, nullable=False),
    _actor("opened_by"),
    _seq("opened_seq"),
    UniqueConstraint("ref"),
    CheckConstraint("state IN ('open', 'closed')", name="state_word"),
)

exhibit = Table(
    "exhibit",
    METADATA,
    Column("id", Words, primary_key=True),
    Column("case", Words, ForeignKey("case.id"), nullable=False),
    Column("label", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("origin", Words, nullable=False),
    Column("file_name", Words, nullable=False),
    *_digest("original"),
    *_origin(),
    Column("thorough", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    _actor("added_by"),
    _seq("added_seq"),
    UniqueConstraint("case", "label"),
)
Index("ix_exhibit_original", exhibit.c.original)

exhibit_face = Table(
    "exhibit_face",
    METADATA,
    Column("exhibit", Words, ForeignKey("exhibit.id"), primary_key=True),
    Column("position", Small, primary_key=True, autoincrement=False),
    *_found_face(),
    UniqueConstraint("exhibit", "number"),
)

search = Table(
    "search",
    METADATA,
    Column("id", Words, primary_key=True),
    Column("case", Words, ForeignKey("case.id"), nullable=False),
    Column("case_ref", Words, nullable=False),
    Column("exhibit", Words, ForeignKey("exhibit.id"), nullable=False),
    Column("exhibit_label", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    _actor("made_by"),
    *_digest("probe"),
    Column("face_number", Small, nullable=False),
    Column("fingerprint", Words, ForeignKey("pack.fingerprint"), nullable=False),
    Column("list_limit", Small, nullable=False),
    Column("target_fpir", Real, nullable=False),
    Column("as_of", Whole, nullable=False),
    Column("thorough", Boolean, nullable=False),
    *_digest("list_digest"),
    Column("threshold_value", Real),
    Column("threshold_fingerprint", Words),
    Column("threshold_calibration", Words),
    Column("threshold_target_fpir", Real),
    Column("threshold_gallery_size", Whole),
    Column("threshold_is_extrapolated", Boolean),
    Column("outcome", Words, nullable=False),
    Column("compared", Whole, nullable=False),
    Column("rescored", Whole, nullable=False),
    Column("outside_bound", Real),
    Column("last_score", Real),
    Column("codes", Words, nullable=False),
    _seq("seq"),
    CheckConstraint("list_limit BETWEEN 2 AND 50", name="limit_range"),
)
Index("ix_search_case", search.c.case, search.c.seq)

searched_gallery = Table(
    "searched_gallery",
    METADATA,
    Column("search", Words, ForeignKey("search.id"), primary_key=True),
    Column("position", Small, primary_key=True, autoincrement=False),
    Column("gallery", Small, ForeignKey("gallery.id"), nullable=False),
    Column("name", Words, nullable=False),
    Column("version", Whole, nullable=False),
    Column("compared", Whole, nullable=False),
)

candidate = Table(
    "candidate",
    METADATA,
    Column("search", Words, ForeignKey("search.id"), primary_key=True),
    Column("rank", Small, primary_key=True, autoincrement=False),
    Column("face", Whole, ForeignKey("face.id"), nullable=False),
    Column("reference", Whole, ForeignKey("reference.id"), nullable=False),
    Column("external_id", Words, nullable=False),
    Column("gallery", Words, nullable=False),
    Column("score", Real, nullable=False),
    Column("expected_strangers", Real),
    Column("expected_is_extrapolated", Boolean),
    Column("above_operating_point", Boolean),
    *_provenance(),
    *_digest("original"),
    CheckConstraint("rank BETWEEN 1 AND 50", name="rank_range"),
)

blob = Table(
    "blob",
    METADATA,
    Column("sha256", Words, primary_key=True),
    Column("size", Whole, nullable=False),
    Column("stored_name", Words, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    UniqueConstraint("stored_name"),
    CheckConstraint("length(sha256) = 64", name="sha256_length"),
    CheckConstraint("size >= 0", name="size_range"),
)
