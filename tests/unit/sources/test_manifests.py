"""Manifests: both forms say the same, and no row is lost."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput, NotFound
from lookalike.domain.references import Provenance
from lookalike.sources import BadItem, SourceItem, items

FIELDS = {
    "path": "in/a.jpg",
    "external_id": "A-1",
    "source_page": "https://example.org/1",
    "picture_address": "https://example.org/1.jpg",
    "captured": "2015-06",
    "published": "2016",
    "licence": "CC0-1.0",
    "notes": "from the yearbook",
    "person_id": "7",
    "box": "12",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in/a.jpg", "in/b.jpg", "in/deep/c.jpg", "secret.jpg"):
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"octets")
    return tmp_path / "home"


def csv(folder: Path, text: str | bytes) -> Path:
    manifest = folder / "manifest.csv"
    manifest.write_bytes(text if isinstance(text, bytes) else text.encode())
    return manifest


def jsonl(folder: Path, *rows: object) -> Path:
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return manifest


def read(manifest: Path, *sources: Path) -> list[SourceItem | BadItem]:
    return list(items(sources, manifest=manifest))


def test_every_column_arrives_and_both_forms_say_the_same(folder: Path) -> None:
    expected = SourceItem(
        "in/a.jpg",
        folder.resolve() / "in/a.jpg",
        "A-1",
        Provenance(
            source_page="https://example.org/1",
            picture_address="https://example.org/1.jpg",
            captured="2015-06",
            published="2016",
            licence="CC0-1.0",
            notes="from the yearbook\nperson_id: 7\nbox: 12",
            file_name="a.jpg",
        ),
    )
    as_csv = csv(folder, f"{','.join(FIELDS)}\r\n{','.join(FIELDS.values())}\r\n")
    as_json = jsonl(folder, {**FIELDS, "box": 12})
    assert read(as_csv) == read(as_json) == [expected]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_changes_nothing(folder: Path, mark: bytes) -> None:
    (item,) = read(csv(folder, mark + b"path\nin/a.jpg\n"))
    assert isinstance(item, SourceItem)
    assert item.external_id == "a"


def test_rows_come_in_their_order_and_blank_lines_are_none(folder: Path) -> None:
    found = read(csv(folder, 'path,notes\n\nin/deep/c.jpg,"two\nlines"\n\nin/a.jpg,\n'))
    assert [item.key for item in found] == ["in/deep/c.jpg", "in/a.jpg"]
    assert isinstance(found[0], SourceItem)
    assert found[0].provenance.notes == "two\nlines"


def test_paths_are_looked_for_below_the_sources_first_and_then_beside_the_manifest(folder: Path) -> None:
    manifest = csv(folder, "path\nb.jpg\nin/a.jpg\n")
    found = read(manifest, folder / "in")
    assert [item.path.name for item in found if isinstance(item, SourceItem)] == ["b.jpg", "a.jpg"]
    assert found[2:] == [BadItem("in/deep/c.jpg", "not named in the manifest")]


def test_the_manifest_itself_is_not_listed_as_no_picture(folder: Path) -> None:
    manifest = csv(folder, "path\nin/a.jpg\nin/b.jpg\nin/deep/c.jpg\nsecret.jpg\n")
    assert all(isinstance(item, SourceItem) for item in read(manifest, folder))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "path must name a file"),
        (".", "path must name a file"),
        ("../secret.jpg", "path must name a file"),
        ("deep/../../secret.jpg", "path must name a file"),
        ("/etc/passwd", "path must name a file"),
        ("none.jpg", "there is no file 'none.jpg'"),
        ("n" * 300, "there is no file"),
        ("deep", "not a regular file"),
        ("escape.jpg", "a link that leads out of its folder"),
        ("a.jpg\0.txt", "path holds control characters"),
        ("a\x1b[2J.jpg", "path holds control characters"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_path_that_cannot_be_used_is_listed_with_its_line(folder: Path, value: str, reason: str, form: str) -> None:
    inside = folder / "in"
    (inside / "escape.jpg").symlink_to("../secret.jpg")
    if form == "csv":
        manifest = csv(inside, f"path,external_id\na.jpg,1\n{value},2\n")
    else:
        manifest = jsonl(inside, {"path": "a.jpg"}, "", {"path": value})
    good, bad = read(manifest)
    assert isinstance(good, SourceItem)
    assert isinstance(bad, BadItem)
    assert bad.key == f"manifest.{form}:3"
    assert reason in bad.reason
    assert bad.reason.isprintable()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("captured", "June 2015", "ISO 8601"),
        ("published", "15", "ISO 8601"),
        ("external_id", "x" * 257, "longer than 256"),
        ("external_id", "a\x07b", "control characters"),
        ("source_page", "http://a/\nb", "control characters"),
        ("notes", "x" * 8193, "longer than 8,192"),
        ("licence", "\ud800", "not UTF-8"),
        ("mine\ud800", "x", "not UTF-8"),
    ],
)
def test_a_value_that_cannot_be_recorded_is_listed(folder: Path, column: str, value: str, reason: str) -> None:
    manifest = jsonl(folder, {"path": "in/a.jpg", column: value}, {"path": "in/b.jpg"})
    bad, good = read(manifest)
    assert isinstance(bad, BadItem)
    assert reason in bad.reason
    assert isinstance(good, SourceItem)


@pytest.mark.parametrize("value", [True, 1.5, ["a"], {"a": 1}])
def test_a_value_that_is_no_text_is_listed(folder: Path, value: object) -> None:
    assert read(jsonl(folder, {"path": "in/a.jpg", "licence": value})) == [
        BadItem("manifest.jsonl:1", "licence must be text")
    ]


@pytest.mark.parametrize(("line", "reason"), [("{", "not JSON"), ("[]", "not a JSON object"), ("[" * 9999, "not JSON")])
def test_a_line_that_is_no_object_is_listed(folder: Path, line: str, reason: str) -> None:
    bad, good = read(jsonl(folder, line, {"path": "in/a.jpg", "captured": None, "year": None}))
    assert bad == BadItem("manifest.jsonl:1", reason)
    assert isinstance(good, SourceItem)
    assert good.provenance.notes == ""


def test_rows_of_another_length_are_listed(folder: Path) -> None:
    found = read(csv(folder, "path,notes\nin/a.jpg\nin/a.jpg,x,y\nin/b.jpg,z\n"))
    assert found[:2] == [
        BadItem("manifest.csv:2", "has 1 values, and the header names 2"),
        BadItem("manifest.csv:3", "has 3 values, and the header names 2"),
    ]
    assert isinstance(found[2], SourceItem)


def test_a_quote_never_closed_names_what_it_swallowed(folder: Path) -> None:
    found = read(csv(folder, 'path,notes\nin/a.jpg,\nin/b.jpg,"oh\nin/deep/c.jpg,\nsecret.jpg,\n'))
    assert isinstance(found[0], SourceItem)
    assert found[1:] == [BadItem("manifest.csv:3", "not CSV: unexpected end of data; lines 3 to 5 were not read")]


def test_bad_quoting_costs_its_own_row_alone(folder: Path) -> None:
    found = read(csv(folder, 'path,notes\nin/a.jpg,"x"y\nin/b.jpg,\n'))
    assert isinstance(found[0], BadItem)
    assert "not CSV" in found[0].reason
    assert isinstance(found[1], SourceItem)


def test_another_encoding_is_named(folder: Path) -> None:
    found = read(csv(folder, b"path,notes\nin/a.jpg,caf\xe9\nin/b.jpg,caf\xc3\xa9\n"))
    assert found[0] == BadItem("manifest.csv:2", "notes is not UTF-8")
    assert isinstance(found[1], SourceItem)


def test_a_file_named_twice_is_taken_once(folder: Path) -> None:
    (folder / "in/link.jpg").symlink_to("a.jpg")
    found = read(csv(folder, "path\nin/a.jpg\n./in/a.jpg\nin/link.jpg\n"))
    assert isinstance(found[0], SourceItem)
    assert found[1:] == [
        BadItem("manifest.csv:3", "names the file of line 2 again"),
        BadItem("manifest.csv:4", "names the file of line 2 again"),
    ]


def test_a_picture_whose_row_is_bad_is_not_listed_again_as_unnamed(folder: Path) -> None:
    found = read(csv(folder, "path,captured\na.jpg,June\nb.jpg,\ndeep/c.jpg,\n"), folder / "in")
    assert [item.key for item in found if isinstance(item, BadItem)] == ["manifest.csv:2"]


def test_ids_that_a_spreadsheet_would_run_stay_text(folder: Path) -> None:
    (item,) = read(csv(folder, "path,external_id\nin/a.jpg,\"=cmd|' /C calc'!A0\"\n"))
    assert isinstance(item, SourceItem)
    assert item.external_id == "=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    "text",
    ["", "\n", "file,id\nin/a.jpg,1\n", "path;id\nin/a.jpg;1\n", "path,path\na,b\n", 'path,"x\n', "path,id\n"],
)
def test_a_manifest_without_use_is_refused_before_anything(folder: Path, text: str) -> None:
    with pytest.raises(InvalidInput):
        items([], manifest=csv(folder, text))


def test_a_missing_manifest_and_another_ending_are_refused(folder: Path) -> None:
    with pytest.raises(NotFound):
        items([], manifest=folder / "none.csv")
    (folder / "manifest.xlsx").write_bytes(b"PK")
    with pytest.raises(InvalidInput, match="neither"):
        items([], manifest=folder / "manifest.xlsx")


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@settings(max_examples=25)
@given(
    st.lists(
        st.fixed_dictionaries({"external_id": text, "licence": text, "notes": text, "mine": text}),
        min_size=1,
        max_size=5,
    )
)
def test_both_forms_carry_any_text(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    for number in range(len(rows)):
        (folder / f"{number}.jpg").write_bytes(b"")
    full = [{"path": f"{number}.jpg", **row} for number, row in enumerate(rows)]
    columns = ["path", "external_id", "licence", "notes", "mine"]
    quoted = [",".join('"' + row[column].replace('"', '""') + '"' for column in columns) for row in full]
    as_csv = read(csv(folder, "\n".join([",".join(columns), *quoted])))
    assert as_csv == read(jsonl(folder, *full))
    for item, row in zip(as_csv, rows, strict=True):
        assert isinstance(item, SourceItem)
        assert (item.external_id, item.provenance.licence) == (row["external_id"], row["licence"])
        assert item.provenance.notes == f"{row['notes']}\nmine: {row['mine']}"
