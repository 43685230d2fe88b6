"""The first schema: what a home holds from its first day."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", _WHOLE, nullable=False),
        sa.Column("stored_name", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_blob_sha256_length")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_blob_size_range")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_blob_stored_name")),
    )
    op.create_table(
        "entry",
        sa.Column("seq", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("length(leaf) = 32", name=op.f("ck_entry_leaf_length")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_entry_seq_range")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entry")),
    )
    op.create_table(
        "home",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_home_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home")),
    )
    op.create_table(
        "id_counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", _WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_id_counter")),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", _WHOLE, nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_head_one_row")),
        sa.CheckConstraint("length(peaks) / 32 * 32 = length(peaks)", name=op.f("ck_log_head_peaks_length")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_log_head_size_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "actor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.Column("added_seq", _WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["added_seq"], ["entry.seq"], name=op.f("fk_actor_added_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_actor")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_seq", _WHOLE, nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_case_state_word")),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["actor.name"], name=op.f("fk_case_opened_by"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["opened_seq"], ["entry.seq"], name=op.f("fk_case_opened_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("ref", name=op.f("uq_case_ref")),
    )
    op.create_table(
        "pack",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("training_data", sa.Text(), nullable=False),
        sa.Column("commercial_use", sa.Text(), nullable=False),
        sa.Column("licence_text", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.Text(), nullable=False),
        sa.Column("accepted_seq", _WHOLE, nullable=False),
        sa.CheckConstraint("dimension >= 1", name=op.f("ck_pack_dimension_range")),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["actor.name"], name=op.f("fk_pack_accepted_by"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["accepted_seq"], ["entry.seq"], name=op.f("fk_pack_accepted_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pack")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_pack_fingerprint")),
    )
    op.create_table(
        "exhibit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("stored_width", sa.Integer(), nullable=False),
        sa.Column("stored_height", sa.Integer(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("reduction", sa.Integer(), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("analysed_width", sa.Integer(), nullable=False),
        sa.Column("analysed_height", sa.Integer(), nullable=False),
        sa.Column("thorough", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_seq", _WHOLE, nullable=False),
        sa.CheckConstraint("length(original) = 64", name=op.f("ck_exhibit_original_length")),
        sa.CheckConstraint("orientation BETWEEN 1 AND 8", name=op.f("ck_exhibit_orientation_range")),
        sa.ForeignKeyConstraint(
            ["added_by"], ["actor.name"], name=op.f("fk_exhibit_added_by"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["added_seq"], ["entry.seq"], name=op.f("fk_exhibit_added_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["case"], ["case.id"], name=op.f("fk_exhibit_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exhibit")),
        sa.UniqueConstraint("case", "label", name=op.f("uq_exhibit_case")),
    )
    op.create_index("ix_exhibit_original", "exhibit", ["original"], unique=False)
    op.create_table(
        "gallery",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("subject_category", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("retain_until", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("registered_seq", _WHOLE, nullable=False),
        sa.Column("version", _WHOLE, nullable=False),
        sa.Column("pack", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_gallery_state_word")),
        sa.CheckConstraint("version >= registered_seq", name=op.f("ck_gallery_version_range")),
        sa.ForeignKeyConstraint(["pack"], ["pack.number"], name=op.f("fk_gallery_pack")),
        sa.ForeignKeyConstraint(
            ["registered_by"],
            ["actor.name"],
            name=op.f("fk_gallery_registered_by"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["registered_seq"],
            ["entry.seq"],
            name=op.f("fk_gallery_registered_seq"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["entry.seq"], name=op.f("fk_gallery_version"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery")),
        sa.UniqueConstraint("name_key", name=op.f("uq_gallery_name_key")),
    )
    op.create_table(
        "exhibit_face",
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("box_x", sa.Double(), nullable=False),
        sa.Column("box_y", sa.Double(), nullable=False),
        sa.Column("box_width", sa.Double(), nullable=False),
        sa.Column("box_height", sa.Double(), nullable=False),
        sa.Column("left_eye_x", sa.Double(), nullable=False),
        sa.Column("left_eye_y", sa.Double(), nullable=False),
        sa.Column("right_eye_x", sa.Double(), nullable=False),
        sa.Column("right_eye_y", sa.Double(), nullable=False),
        sa.Column("nose_x", sa.Double(), nullable=False),
        sa.Column("nose_y", sa.Double(), nullable=False),
        sa.Column("left_mouth_x", sa.Double(), nullable=False),
        sa.Column("left_mouth_y", sa.Double(), nullable=False),
        sa.Column("right_mouth_x", sa.Double(), nullable=False),
        sa.Column("right_mouth_y", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("quality_percentile", sa.Double(), nullable=True),
        sa.Column("quality_norm", sa.Double(), nullable=True),
        sa.Column("eye_distance_px", sa.Double(), nullable=True),
        sa.Column("quality_reasons", sa.Text(), nullable=True),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(quality_percentile IS NULL) <> (why_not IS NULL)", name=op.f("ck_exhibit_face_acquired_or_why_not")
        ),
        sa.CheckConstraint("box_width > 0 AND box_height > 0", name=op.f("ck_exhibit_face_box_size")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_exhibit_face_number_range")),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibit.id"], name=op.f("fk_exhibit_face_exhibit")),
        sa.PrimaryKeyConstraint("exhibit", "position", name=op.f("pk_exhibit_face")),
        sa.UniqueConstraint("exhibit", "number", name=op.f("uq_exhibit_face_exhibit")),
    )
    op.create_table(
        "reference",
        sa.Column("id", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("gallery", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("source_page", sa.Text(), nullable=False),
        sa.Column("picture_address", sa.Text(), nullable=False),
        sa.Column("captured", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("stored_width", sa.Integer(), nullable=False),
        sa.Column("stored_height", sa.Integer(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("reduction", sa.Integer(), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("analysed_width", sa.Integer(), nullable=False),
        sa.Column("analysed_height", sa.Integer(), nullable=False),
        sa.Column("added_seq", _WHOLE, nullable=False),
        sa.Column("removed_seq", _WHOLE, nullable=True),
        sa.CheckConstraint("length(original) = 64", name=op.f("ck_reference_original_length")),
        sa.CheckConstraint("orientation BETWEEN 1 AND 8", name=op.f("ck_reference_orientation_range")),
        sa.CheckConstraint("removed_seq > added_seq", name=op.f("ck_reference_removed_after_added")),
        sa.ForeignKeyConstraint(
            ["added_seq"], ["entry.seq"], name=op.f("fk_reference_added_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["gallery"], ["gallery.id"], name=op.f("fk_reference_gallery")),
        sa.ForeignKeyConstraint(
            ["removed_seq"], ["entry.seq"], name=op.f("fk_reference_removed_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference")),
    )
    op.create_index("ix_reference_added", "reference", ["gallery", "added_seq"], unique=False)
    op.create_index("ix_reference_original", "reference", ["original"], unique=False)
    op.create_index(
        "ix_reference_removals",
        "reference",
        ["removed_seq"],
        unique=False,
        sqlite_where=sa.text("removed_seq IS NOT NULL"),
        postgresql_where=sa.text("removed_seq IS NOT NULL"),
    )
    op.create_index(
        "ix_reference_removed",
        "reference",
        ["gallery", "removed_seq"],
        unique=False,
        sqlite_where=sa.text("removed_seq IS NOT NULL"),
        postgresql_where=sa.text("removed_seq IS NOT NULL"),
    )
    op.create_index(
        "uq_reference_enrolled",
        "reference",
        ["gallery", "external_id", "original"],
        unique=True,
        sqlite_where=sa.text("removed_seq IS NULL"),
        postgresql_where=sa.text("removed_seq IS NULL"),
    )
    op.create_table(
        "search",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("exhibit_label", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("probe", sa.Text(), nullable=False),
        sa.Column("face_number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("list_limit", sa.Integer(), nullable=False),
        sa.Column("target_fpir", sa.Double(), nullable=False),
        sa.Column("as_of", _WHOLE, nullable=False),
        sa.Column("thorough", sa.Boolean(), nullable=False),
        sa.Column("list_digest", sa.Text(), nullable=False),
        sa.Column("threshold_value", sa.Double(), nullable=True),
        sa.Column("threshold_fingerprint", sa.Text(), nullable=True),
        sa.Column("threshold_calibration", sa.Text(), nullable=True),
        sa.Column("threshold_target_fpir", sa.Double(), nullable=True),
        sa.Column("threshold_gallery_size", _WHOLE, nullable=True),
        sa.Column("threshold_is_extrapolated", sa.Boolean(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("compared", _WHOLE, nullable=False),
        sa.Column("rescored", _WHOLE, nullable=False),
        sa.Column("outside_bound", sa.Double(), nullable=True),
        sa.Column("last_score", sa.Double(), nullable=True),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("seq", _WHOLE, nullable=False),
        sa.CheckConstraint("length(list_digest) = 64", name=op.f("ck_search_list_digest_length")),
        sa.CheckConstraint("length(probe) = 64", name=op.f("ck_search_probe_length")),
        sa.CheckConstraint("list_limit BETWEEN 2 AND 50", name=op.f("ck_search_limit_range")),
        sa.ForeignKeyConstraint(["case"], ["case.id"], name=op.f("fk_search_case")),
        sa.ForeignKeyConstraint(["exhibit"], ["exhibit.id"], name=op.f("fk_search_exhibit")),
        sa.ForeignKeyConstraint(["fingerprint"], ["pack.fingerprint"], name=op.f("fk_search_fingerprint")),
        sa.ForeignKeyConstraint(
            ["made_by"], ["actor.name"], name=op.f("fk_search_made_by"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["seq"], ["entry.seq"], name=op.f("fk_search_seq"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search")),
    )
    op.create_index("ix_search_case", "search", ["case", "seq"], unique=False)
    op.create_table(
        "face",
        sa.Column("id", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("reference", _WHOLE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("box_x", sa.Double(), nullable=False),
        sa.Column("box_y", sa.Double(), nullable=False),
        sa.Column("box_width", sa.Double(), nullable=False),
        sa.Column("box_height", sa.Double(), nullable=False),
        sa.Column("left_eye_x", sa.Double(), nullable=False),
        sa.Column("left_eye_y", sa.Double(), nullable=False),
        sa.Column("right_eye_x", sa.Double(), nullable=False),
        sa.Column("right_eye_y", sa.Double(), nullable=False),
        sa.Column("nose_x", sa.Double(), nullable=False),
        sa.Column("nose_y", sa.Double(), nullable=False),
        sa.Column("left_mouth_x", sa.Double(), nullable=False),
        sa.Column("left_mouth_y", sa.Double(), nullable=False),
        sa.Column("right_mouth_x", sa.Double(), nullable=False),
        sa.Column("right_mouth_y", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("quality_percentile", sa.Double(), nullable=True),
        sa.Column("quality_norm", sa.Double(), nullable=True),
        sa.Column("eye_distance_px", sa.Double(), nullable=True),
        sa.Column("quality_reasons", sa.Text(), nullable=True),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(quality_percentile IS NULL) <> (why_not IS NULL)", name=op.f("ck_face_acquired_or_why_not")
        ),
        sa.CheckConstraint("box_width > 0 AND box_height > 0", name=op.f("ck_face_box_size")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_face_number_range")),
        sa.ForeignKeyConstraint(["reference"], ["reference.id"], name=op.f("fk_face_reference")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face")),
        sa.UniqueConstraint("reference", "number", name=op.f("uq_face_reference")),
    )
    op.create_table(
        "searched_gallery",
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gallery", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", _WHOLE, nullable=False),
        sa.Column("compared", _WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["gallery"], ["gallery.id"], name=op.f("fk_searched_gallery_gallery")),
        sa.ForeignKeyConstraint(["search"], ["search.id"], name=op.f("fk_searched_gallery_search")),
        sa.PrimaryKeyConstraint("search", "position", name=op.f("pk_searched_gallery")),
    )
    op.create_table(
        "candidate",
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("face", _WHOLE, nullable=False),
        sa.Column("reference", _WHOLE, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("gallery", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("expected_strangers", sa.Double(), nullable=True),
        sa.Column("expected_is_extrapolated", sa.Boolean(), nullable=True),
        sa.Column("above_operating_point", sa.Boolean(), nullable=True),
        sa.Column("source_page", sa.Text(), nullable=False),
        sa.Column("picture_address", sa.Text(), nullable=False),
        sa.Column("captured", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.CheckConstraint("length(original) = 64", name=op.f("ck_candidate_original_length")),
        sa.CheckConstraint("rank BETWEEN 1 AND 50", name=op.f("ck_candidate_rank_range")),
        sa.ForeignKeyConstraint(["face"], ["face.id"], name=op.f("fk_candidate_face")),
        sa.ForeignKeyConstraint(["reference"], ["reference.id"], name=op.f("fk_candidate_reference")),
        sa.ForeignKeyConstraint(["search"], ["search.id"], name=op.f("fk_candidate_search")),
        sa.PrimaryKeyConstraint("search", "rank", name=op.f("pk_candidate")),
    )
    op.create_table(
        "template",
        sa.Column("face", _WHOLE, autoincrement=False, nullable=False),
        sa.Column("reference", _WHOLE, nullable=False),
        sa.Column("pack", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["face"], ["face.id"], name=op.f("fk_template_face")),
        sa.ForeignKeyConstraint(["pack"], ["pack.number"], name=op.f("fk_template_pack")),
        sa.ForeignKeyConstraint(["reference"], ["reference.id"], name=op.f("fk_template_reference")),
        sa.PrimaryKeyConstraint("face", name=op.f("pk_template")),
    )
    op.create_index("ix_template_reference", "template", ["reference"], unique=False)
