"""The commands as a user runs them: text, JSON, exit codes, bad input."""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.cli.main import main
from lookalike.domain.statements import LEAD_STATEMENT

Run = Callable[..., tuple[int, str, str]]
GALLERY = ("--owner", "Archive", "--basis", "statute", "--category", "archive", "--purpose", "archive-research")
INTAKE = ("--purpose", "archive-research", "--matter", "naming sitters", "--basis", "statute")
PROBE = ("--kind", "photograph", "--origin", "album")


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return ``run(*words)``: exit code, standard output, standard error of one command in the home."""
    assert home.is_dir()

    def command(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        shown = capsys.readouterr()
        code = left.value.code
        return (code if isinstance(code, int) else 1), shown.out, shown.err

    return command


@pytest.fixture
def portrait(data_folder: Path) -> Callable[[str, str], Path]:
    """Return ``portrait(set, id)``."""
    return lambda folder, name: data_folder / "portraits" / folder / f"{name}.jpg"


@pytest.fixture
def searched(run: Run, portrait: Callable[[str, str], Path]) -> Run:
    """A gallery of two, and a case with one exhibit, made by commands."""
    assert run("gallery", "register", "archive", *GALLERY)[0] == 0
    assert run("enrol", "archive", portrait("gallery", "A000370"), portrait("gallery", "A000372"))[0] == 0
    assert run("case", "open", "C-1", *INTAKE)[0] == 0
    assert run("exhibit", "add", "C-1", portrait("probe", "A000370"), *PROBE)[0] == 0
    return run


def test_help_is_fast_because_nothing_heavy_is_imported() -> None:
    """The time itself is measured in docs/measurements; here it is what costs it."""
    code = (
        "import sys, lookalike.cli.main; "
        "heavy = ('numpy', 'onnxruntime', 'faiss', 'sqlalchemy', 'cv2', 'PIL', 'pydantic'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


@pytest.mark.faces
def test_the_answer_as_json(searched: Run) -> None:
    code, out, err = searched("search", "run", "C-1", "E1", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    first = answer["candidates"][0]
    assert (first["rank"], first["external_id"], first["gallery"]) == (1, "A000370", "archive")
    assert 0.3 < first["score"] <= 1
    assert {"rank", "external_id", "gallery", "score", "expected_strangers", "source"} <= first.keys()
    assert first["source"]["file_name"] == "A000370.jpg"
    assert (answer["compared"], answer["is_complete"], answer["statement"]) == (2, True, LEAD_STATEMENT)
    again = json.loads(searched("search", "show", answer["id"], "--json")[1])
    assert again == answer
    replay = json.loads(searched("search", "replay", answer["id"], "--json")[1])
    assert (replay["verdict"], replay["changes"]) == ("identical", [])


@pytest.mark.faces
def test_the_answer_as_text_carries_what_it_must(searched: Run) -> None:
    code, out, _ = searched("search", "run", "C-1", "E1")
    assert code == 0
    for part in ("A000370", "archive", "All 2 references were compared", "proven complete", LEAD_STATEMENT):
        assert part in out


@pytest.mark.faces
def test_json_is_documented(searched: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
    outputs = [
        searched("search", "run", "C-1", "E1", "--json"),
        searched("gallery", "show", "archive", "--json"),
        searched("case", "show", "C-1", "--json"),
        searched("exhibit", "show", "C-1", "E1", "--json"),
        searched("models", "list", "--json"),
        searched("settings", "show", "--json"),
        searched("audit", "verify", "--json"),
        searched("fsck", "--json"),
        searched("enrol", "archive", __file__, "--json"),
    ]
    keys: set[str] = set()
    for _, out, _ in outputs:
        keys |= _keys(json.loads(out))
    missing = sorted(key for key in keys if f"`{key}`" not in page)
    assert not missing


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        counted_by_value = {"reasons", "kinds"}  # their keys are values: what was counted
        nested = (inner for name, inner in value.items() if name not in counted_by_value)
        return set(value) | {key for inner in nested for key in _keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in _keys(inner)}
    return set()


@pytest.mark.faces
def test_sheets_are_written_and_hold_everything_they_show(searched: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "answer.html"
    assert searched("search", "run", "C-1", "E1", "--sheet", sheet)[0] == 0
    page = sheet.read_text(encoding="utf-8")
    assert LEAD_STATEMENT in page
    assert "A000370" in page
    assert 'src="http' not in page
    assert "<script" not in page
    faces = tmp_path / "faces.html"
    assert searched("exhibit", "show", "C-1", "E1", "--sheet", faces)[0] == 0
    assert "viewBox" in faces.read_text(encoding="utf-8")


@pytest.mark.faces
def test_faces_stores_nothing(searched: Run, portrait: Callable[[str, str], Path], tmp_path: Path) -> None:
    before = json.loads(searched("audit", "verify", "--json")[1])
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    code, out, _ = searched("faces", portrait("probe", "A000372"), text, "--json")
    found = json.loads(out)
    assert code == 2
    assert len(found["pictures"][0]["faces"]) == 1
    assert found["unreadable"][0]["name"].endswith("notes.txt")
    after = json.loads(searched("audit", "verify", "--json")[1])
    assert after["size"] == before["size"]


@pytest.mark.faces
def test_enrolling_twice_says_that_nothing_changed(searched: Run, portrait: Callable[[str, str], Path]) -> None:
    code, out, _ = searched("enrol", "archive", portrait("gallery", "A000370"))
    assert code == 0
    assert "Nothing changed" in out


@pytest.mark.faces
def test_refused_pictures_are_written_as_inert_cells(searched: Run, tmp_path: Path) -> None:
    hostile = tmp_path / "in" / "=cmd().jpg"
    hostile.parent.mkdir()
    hostile.write_bytes(b"not a picture")
    table = tmp_path / "refused.csv"
    code, out, _ = searched("enrol", "archive", hostile.parent, "--refused", table)
    assert code == 2
    assert "Nothing was enrolled" in out
    assert "\nin/=cmd().jpg,'=cmd()," in table.read_text(encoding="utf-8").replace("\r", "")


BAD = {
    "unknown gallery": (("gallery", "show", "nowhere"), 3, "not_found"),
    "enrol into an unknown gallery": (("enrol", "nowhere", __file__), 3, "not_found"),
    "unknown case": (("search", "run", "nowhere", "E1"), 3, "not_found"),
    "unknown search": (("search", "show", "nowhere"), 3, "not_found"),
    "unknown exhibit": (("search", "run", "C-1", "E9"), 3, "not_found"),
    "missing file": (("exhibit", "add", "C-1", "/nowhere.jpg", *PROBE), 3, "not_found"),
    "unreadable picture": (("exhibit", "add", "C-1", __file__, *PROBE), 2, "unreadable_media"),
    "a second gallery of one name": (("gallery", "register", "ARCHIVE", *GALLERY), 4, "conflict"),
    "a second case of one name": (("case", "open", "C-1", *INTAKE), 4, "conflict"),
    "unknown model pack": (("models", "show", "nowhere"), 3, "not_found"),
    "no intake": (("case", "open", "C-2"), 5, "policy_refusal"),
    "too long a list": (("search", "run", "C-1", "E1", "--limit", "51"), 5, "policy_refusal"),
    "unknown model source": (("models", "add", "/nowhere.whl", "--accept-licence"), 3, "not_found"),
    "a model source without models": (("models", "add", __file__, "--accept-licence"), 2, "invalid_input"),
    "a position ahead of the log": (("search", "run", "C-1", "E1", "--as-of", "999999"), 2, "invalid_input"),
    "a face that is not there": (("search", "run", "C-1", "E1", "--face", "7"), 3, "not_found"),
}


@pytest.mark.faces
@pytest.mark.parametrize(("words", "status", "code"), BAD.values(), ids=BAD.keys())
def test_bad_input_gets_its_exit_code_and_three_sentences(
    searched: Run, words: tuple[str, ...], status: int, code: str
) -> None:
    ended, out, err = searched(*words, "--json")
    failure = json.loads(err)["error"]
    assert (ended, out, failure["code"]) == (status, "", code)
    assert failure["happened"]
    assert failure["kept"]
    ended, _, shown = searched(*words)
    assert ended == status
    numberless = re.compile(r"\d+")  # the refusal just recorded has moved the log's end
    assert numberless.sub("", failure["happened"]) in numberless.sub("", shown.replace("\n", " "))


@pytest.mark.parametrize(
    "words",
    [("gallery", "register", "x"), ("search", "run", "C", "E", "--face", "abc"), ("nonsense",), ("enrol", "--oops")],
)
def test_a_command_that_cannot_be_understood(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Usage:" in err
    code, out, err = run(*words, "--json")
    assert (code, out) == (2, "")
    assert json.loads(err)["error"]["code"] == "invalid_input"


def test_an_interruption_is_said_and_has_its_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "exists", interrupted)
    code, _, err = run("models", "add", tmp_path)
    assert code == 130
    assert "Stopped." in err


def test_no_home_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as left:
        main(["gallery", "list"])
    assert left.value.code == 3
    assert "lookalike init" in capsys.readouterr().err


def test_init_makes_a_key_outside_the_home_and_refuses_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LOOKALIKE_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    home = tmp_path / "home"
    with pytest.raises(SystemExit) as left:
        main(["init", "--home", str(home), "--json"])
    assert left.value.code == 0
    made = json.loads(capsys.readouterr().out)
    key = Path(made["key_file"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert home not in key.parents
    assert b"SQLite format 3" not in (home / "lookalike.db").read_bytes()[:100]
    with pytest.raises(SystemExit) as left:
        main(["init", "--home", str(home)])
    assert left.value.code == 4
    with pytest.raises(SystemExit) as left:
        main(["case", "list", "--home", str(home)])
    assert left.value.code == 0


def test_the_wrong_key_opens_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("LOOKALIKE_KEY", "a0" * 32)
    with pytest.raises(SystemExit) as left:
        main(["case", "list", "--json"])
    assert left.value.code == 5
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "wrong_key"


def test_an_unusable_setting_names_its_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("LOOKALIKE_TARGET_FPIR", "certain")
    with pytest.raises(SystemExit) as left:
        main(["case", "list"])
    assert left.value.code == 2
    assert "LOOKALIKE_TARGET_FPIR" in capsys.readouterr().err


def test_another_user_is_no_actor_and_a_variable_makes_nobody_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    made_by = pwd.getpwuid(os.getuid()).pw_name
    other = next(entry for entry in pwd.getpwall() if entry.pw_name != made_by)
    monkeypatch.setattr(os, "getuid", lambda: other.pw_uid)
    monkeypatch.setenv("LOGNAME", made_by)
    with pytest.raises(SystemExit) as left:
        main(["case", "list"])
    assert left.value.code == 5
    assert f"os:{other.pw_name}" in capsys.readouterr().err


def test_a_database_password_is_shown_nowhere(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("LOOKALIKE_DATABASE", "postgresql+psycopg://ada:s3cret@host/name")
    for words in (["settings", "show"], ["settings", "show", "--json"]):
        with pytest.raises(SystemExit):
            main(words)
        shown = capsys.readouterr().out
        assert "s3cret" not in shown
        assert "5f5f" not in shown
        assert "ada@host" in shown.replace("\n", "").replace(" ", "")


@pytest.mark.faces
def test_a_sheet_that_cannot_be_written_does_not_lose_the_answer(searched: Run) -> None:
    code, out, err = searched("search", "run", "C-1", "E1", "--json", "--sheet", "/proc/x.html")
    assert code == 2
    assert json.loads(out)["candidates"][0]["external_id"] == "A000370"
    assert "cannot be written" in json.loads(err)["error"]["happened"]


@pytest.mark.faces
def test_output_never_replaces_what_is_not_ours(
    searched: Run, portrait: Callable[[str, str], Path], tmp_path: Path
) -> None:
    precious = tmp_path / "precious.jpg"
    precious.write_bytes(portrait("probe", "A000372").read_bytes())
    before = json.loads(searched("audit", "verify", "--json")[1])["size"]
    for words in (
        ("faces", precious, "--sheet", precious),
        ("search", "run", "C-1", "E1", "--sheet", precious),
        ("exhibit", "show", "C-1", "E1", "--sheet", precious),
        ("enrol", "archive", precious, "--refused", precious),
        ("search", "run", "C-1", "E1", "--sheet", tmp_path / "none" / "x.html"),
        ("search", "run", "C-1", "E1", "--sheet", tmp_path),
    ):
        assert searched(*words)[0] == 2
    assert precious.read_bytes() == portrait("probe", "A000372").read_bytes()
    assert json.loads(searched("audit", "verify", "--json")[1])["size"] == before
    ours = tmp_path / "ours.html"
    for _ in range(2):
        assert searched("search", "run", "C-1", "E1", "--sheet", ours)[0] == 0


@pytest.mark.faces
def test_what_an_answer_remarks_on_its_candidates(searched: Run, portrait: Callable[[str, str], Path]) -> None:
    added = searched("exhibit", "add", "C-1", portrait("gallery", "A000372"), *PROBE)[1]
    assert "enrolled in archive as A000372" in added
    assert "the very picture that was searched" in searched("search", "run", "C-1", "E2")[1]
    position = json.loads(searched("audit", "verify", "--json")[1])["size"] - 1
    assert searched("gallery", "remove", "archive", "A000372", "--reason", "withdrawn")[0] == 0
    then = searched("search", "run", "C-1", "E2", "--as-of", str(position))[1]
    assert f"As of entry {position} of the log" in then
    assert f"removed at entry {position + 1}" in then
    assert "A000372" not in searched("search", "run", "C-1", "E2")[1].replace("A000372.jpg", "")


@pytest.mark.parametrize("text", ["two\nlines", "escape\x1b[2J", "turned\u202eround"])
def test_intake_is_one_line_of_printable_text(run: Run, text: str) -> None:
    assert run("case", "open", text, *INTAKE)[0] == 5
    assert run("case", "open", "C-7", *INTAKE[:2], "--matter", text, "--basis", "statute")[0] == 5


@pytest.mark.faces
def test_refused_attempts_are_on_the_record(searched: Run) -> None:
    for words in (("nowhere", "E1"), ("C-1", "E9"), ("C-1", "E1", "--gallery", "x"), ("\udce9", "E1")):
        before = json.loads(searched("audit", "verify", "--json")[1])["kinds"].get("act.refused", 0)
        assert searched("search", "run", *words)[0] in (2, 3)
        assert json.loads(searched("audit", "verify", "--json")[1])["kinds"]["act.refused"] == before + 1


@pytest.mark.faces
@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of one's own needs root")
def test_a_full_disk_is_said_and_loses_nothing(
    home: Path, portrait: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real file system of a few megabytes runs full in the middle of an enrolment."""
    small = tmp_path / "small"
    small.mkdir()
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) + 6_000_000
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system: {mounted.stderr.strip()}")
    try:
        shutil.copytree(home, small / "home")
        monkeypatch.setenv("LOOKALIKE_HOME", str(small / "home"))
        monkeypatch.setenv("LOOKALIKE_BATCH", "8")
        command = [sys.executable, "-m", "lookalike.cli.main"]
        subprocess.run([*command, "gallery", "register", "archive", *GALLERY], check=True, capture_output=True)
        pictures = portrait("gallery", "A000370").parent
        full = subprocess.run(
            [*command, "enrol", "archive", pictures, "--json"], capture_output=True, text=True, check=False
        )
        assert full.returncode == 7, full.stderr
        assert json.loads(full.stderr)["error"]["code"] == "storage_full"
        shutil.copytree(small / "home", tmp_path / "roomy")
        monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "roomy"))
        kept = subprocess.run(
            [*command, "gallery", "show", "archive", "--json"], capture_output=True, text=True, check=True
        )
        assert json.loads(kept.stdout)["references"] > 0
        subprocess.run([*command, "audit", "verify"], check=True, capture_output=True)
        rest = subprocess.run(
            [*command, "enrol", "archive", pictures, "--json"], capture_output=True, text=True, check=True
        )
        report = json.loads(rest.stdout)
        assert report["unchanged"] == json.loads(kept.stdout)["references"]
        assert report["enrolled"] + report["unchanged"] == 160
    finally:
        subprocess.run(["umount", small], check=True)
