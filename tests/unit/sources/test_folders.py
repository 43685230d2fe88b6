"""Folders and files: stable order, safe reading, and every fault in the open."""

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput, NotFound, Unavailable
from lookalike.sources import BadItem, SourceItem, files, items, read_bytes
from lookalike.sources.items import printable

is_root = os.geteuid() == 0


def plant(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"octets")
    return folder


def read(*sources: Path, manifest: Path | None = None, limit: int | None = None) -> list[SourceItem | BadItem]:
    return list(items(sources, manifest=manifest, limit=limit))


def keys(found: Sequence[SourceItem | BadItem]) -> list[str]:
    return [item.key for item in found]


def test_pictures_come_by_path_whatever_order_they_were_written_in(tmp_path: Path) -> None:
    names = ["b.JPG", "a/z.png", "a/b/1.webp", "a.heic", "c.tiff", "B.gif"]
    folder = plant(tmp_path / "one", *names)
    again = plant(tmp_path / "two" / "one", *reversed(names))
    expected = ["one/B.gif", "one/a/b/1.webp", "one/a/z.png", "one/a.heic", "one/b.JPG", "one/c.tiff"]
    assert keys(read(folder)) == keys(read(again)) == expected


def test_the_stem_is_the_external_id_and_the_name_is_kept(tmp_path: Path) -> None:
    (first, second) = read(plant(tmp_path, "2014/A.1.jpg", "2015/A.1.jpg"))
    assert isinstance(first, SourceItem)
    assert isinstance(second, SourceItem)
    assert first.external_id == second.external_id == "A.1"
    assert first.provenance.file_name == "A.1.jpg"
    assert first.path == tmp_path.resolve() / "2014/A.1.jpg"
    assert first.key != second.key


def test_what_is_no_picture_is_counted_by_ending_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg", "b.txt", "deep/c.txt", "d.pdf", "README", ".hidden.jpg", ".git/e.jpg")
    assert read(folder)[1:] == [
        BadItem("in/**/*", "not a picture: 1 file with this ending"),
        BadItem("in/**/*.pdf", "not a picture: 1 file with this ending"),
        BadItem("in/**/*.txt", "not a picture: 2 files with this ending"),
    ]


def test_a_file_is_taken_whatever_its_ending_and_through_its_link(tmp_path: Path) -> None:
    plant(tmp_path, "scan.dat")
    (tmp_path / "link").symlink_to(tmp_path / "scan.dat")
    (item,) = read(tmp_path / "link")
    assert isinstance(item, SourceItem)
    assert item.path == tmp_path.resolve() / "scan.dat"
    assert (item.external_id, item.key) == ("link", "link")
    assert read_bytes(item.path, 6) == b"octets"


def test_links_stay_within_their_folder(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg", "sub/b.jpg")
    plant(tmp_path, "secret.jpg", "private/c.jpg")
    (folder / "inside.jpg").symlink_to("a.jpg")
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "up.jpg").symlink_to("../secret.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "folder").symlink_to(tmp_path / "private")
    found = {item.key.removeprefix("in/"): item for item in read(folder)}
    assert isinstance(found["inside.jpg"], SourceItem)
    reasons = {key: item.reason for key, item in found.items() if isinstance(item, BadItem)}
    assert reasons == {
        "out.jpg": "a link that leads out of its folder",
        "up.jpg": "a link that leads out of its folder",
        "gone.jpg": "cannot be read: no such file or directory",
        "loop.jpg": reasons["loop.jpg"],
        "folder": "a link to a folder: such links are not followed",
    }
    assert reasons["loop.jpg"].startswith("cannot be read: ")


def test_a_pipe_is_listed_and_never_waited_for(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg")
    os.mkfifo(folder / "b.jpg")
    assert read(folder)[1] == BadItem("in/b.jpg", "not a regular file")
    with pytest.raises(InvalidInput) as refusal:
        read_bytes(folder / "b.jpg", 10)
    assert refusal.value.values["reason"] == "not-a-file"


def test_a_file_over_the_limit_is_listed_with_its_size(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg")
    assert read(folder, limit=5) == [BadItem("in/a.jpg", "6 bytes, more than the 5 allowed")]
    assert isinstance(read(folder, limit=6)[0], SourceItem)


@pytest.mark.skipif(is_root, reason="nothing is forbidden to root")
def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg", "closed/b.jpg", "c.jpg")
    (folder / "c.jpg").chmod(0)
    (folder / "closed").chmod(0)
    found = read(folder)
    (folder / "closed").chmod(0o700)
    assert found[1:] == [
        BadItem("in/c.jpg", "cannot be read: permission denied"),
        BadItem("in/closed", "the folder cannot be read: permission denied"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_names_that_are_no_text_are_listed_fit_to_be_printed(tmp_path: Path) -> None:
    folder = plant(tmp_path / "in", "a.jpg")
    for name in (b"\xff.jpg", b"\x1b[31mred.jpg", b"two\nlines.jpg"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"")
    assert {item.key: item.reason for item in read(folder) if isinstance(item, BadItem)} == {
        "in/\\x1b[31mred.jpg": "its name holds control characters",
        "in/two\\nlines.jpg": "its name holds control characters",
        "in/\\udcff.jpg": "its name is not UTF-8",
    }


def test_names_that_are_text_are_taken_however_odd(tmp_path: Path) -> None:
    names = ["=cmd()|' -C calc'!A0.jpg", "..jpg.jpg", "-rf.jpg", "ابجد\u202egpj.jpg", "<script>.jpg", " .jpg", "é.jpg"]
    folder = plant(tmp_path / "in", *names)
    found = read(folder)
    assert {item.external_id for item in found if isinstance(item, SourceItem)} == {
        name.removesuffix(".jpg") for name in names if not name.startswith(".")
    }
    assert printable("ابجد\u202egpj") == "ابجد\\u202egpj"


def test_a_tree_deeper_than_the_interpreters_stack_is_walked(tmp_path: Path) -> None:
    here = tmp_path
    for _ in range(400):
        here /= "d"
        here.mkdir()
    (here / "a.jpg").write_bytes(b"")
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize("name", ["nowhere", "nowhere.jpg", "n" * 300, "nul\0"])
def test_a_missing_source_is_not_found_before_anything_is_read(tmp_path: Path, name: str) -> None:
    plant(tmp_path, "a.jpg")
    with pytest.raises(NotFound):
        items([tmp_path, tmp_path / name])


@pytest.mark.parametrize("names", [(), ("notes.txt",), (".hidden.jpg",)])
def test_a_folder_without_pictures_is_refused_and_not_an_empty_answer(tmp_path: Path, names: tuple[str, ...]) -> None:
    plant(tmp_path, *names)
    with pytest.raises(InvalidInput) as refusal:
        items([tmp_path])
    assert "jpeg" in refusal.value.remedy


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput):
        items([])


def test_bytes_are_read_up_to_the_limit(tmp_path: Path) -> None:
    plant(tmp_path, "a.jpg")
    assert read_bytes(tmp_path / "a.jpg", 6) == b"octets"
    with pytest.raises(InvalidInput, match="larger than 5 bytes"):
        read_bytes(tmp_path / "a.jpg", 5)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        ("folder", "not-a-file"),
        ("link", "link"),
        ("nul\0", "unreadable"),
        ("n" * 300, "unreadable"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, make: str, reason: str) -> None:
    plant(tmp_path, "a.jpg")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a.jpg")
    with pytest.raises(InvalidInput) as refusal:
        read_bytes(tmp_path / make, 10)
    assert refusal.value.values["reason"] == reason


@pytest.mark.parametrize("name", ["missing.jpg", "a.jpg/missing.jpg"])
def test_a_missing_file_is_not_found(tmp_path: Path, name: str) -> None:
    plant(tmp_path, "a.jpg")
    with pytest.raises(NotFound):
        read_bytes(tmp_path / name, 10)


def test_a_failing_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    refusal = files._refusal(tmp_path / "a.jpg", OSError(errno.EIO, os.strerror(errno.EIO)))
    assert isinstance(refusal, Unavailable)


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_bytes(Path("/dev/zero"), 10)
    assert refusal.value.values["reason"] == "not-a-file"


@given(st.text())
def test_what_is_printed_is_one_short_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 203
