"""The index against brute force, and its refusals."""

import subprocess
import sys
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.errors import Conflict, IncomparableTemplates, InvalidInput, NotFound
from lookalike.domain.identifiers import Fingerprint, GalleryId, Seq
from lookalike.domain.templates import Template
from lookalike.index import ExhaustiveIndex
from lookalike.index.codes import CodeKind
from lookalike.index.scoring import scores

PACK = Fingerprint("pack")
ONE = frozenset({GalleryId(1)})
KINDS: list[CodeKind] = ["fp16", "8-bit"]


def units(rows: Any) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def spread(rows: int, dimension: int, seed: int = 1) -> np.ndarray:
    return units(np.random.default_rng(seed).standard_normal((rows, dimension)))


def filled(vectors: np.ndarray, faces: np.ndarray | None = None, **settings: Any) -> ExhaustiveIndex:
    index = ExhaustiveIndex(PACK, vectors.shape[1], **settings)
    add(index, np.arange(len(vectors)) if faces is None else faces, vectors)
    return index


def add(index: ExhaustiveIndex, faces: Any, vectors: np.ndarray, gallery: int = 1, added: int = 0) -> None:
    faces = np.asarray(faces, np.int64)
    index.add(faces, vectors, galleries=np.full(len(faces), gallery, np.int32), added=np.full(len(faces), added))


def template(vector: np.ndarray) -> Template:
    return Template(vector, PACK)


def brute_force(probe: np.ndarray, faces: np.ndarray, vectors: np.ndarray, limit: int) -> list[tuple[int, float]]:
    scored = scores(probe, vectors)
    order = np.lexsort((faces, -scored))[:limit]
    return list(zip(faces[order].tolist(), scored[order].tolist(), strict=True))


def pairs(found: Any) -> list[tuple[int, float]]:
    return [(ranked.face, ranked.score) for ranked in found.faces]


@st.composite
def galleries_of_vectors(draw: st.DrawFn) -> np.ndarray:
    """Draw rows that are hard to tell apart in one of several ways."""
    dimension = draw(st.sampled_from([2, 5, 32, 128]))
    rows = draw(st.integers(1, 1200))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    plain = random.standard_normal((rows, dimension))
    match draw(st.sampled_from(["plain", "repeated", "equal", "1e-7 apart", "axes", "same codes"])):
        case "repeated":
            return units(plain[random.integers(0, max(1, rows // 30), rows)])
        case "equal":
            return units(np.repeat(plain[:1], rows, axis=0))
        case "1e-7 apart":
            return units(plain[:1] / np.linalg.norm(plain[0]) + 1e-7 * plain)
        case "axes":
            return units(np.eye(dimension)[random.integers(0, dimension, rows)] * random.choice([-1, 1], (rows, 1)))
        case "same codes":
            few = units(plain[random.integers(0, max(1, rows // 100), rows)])
            return units(few + 1e-4 * random.standard_normal(few.shape))
    return units(plain)


@given(galleries_of_vectors(), st.sampled_from(KINDS), st.sampled_from([1, 2, 20, 50, 2000]), st.data())
@settings(max_examples=120, deadline=None)
def test_lists_are_those_of_brute_force_to_the_last_bit(
    vectors: np.ndarray, kind: CodeKind, limit: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    faces = random.permutation(5 * len(vectors))[: len(vectors)]
    index = filled(vectors, faces, codes=kind, block_rows=data.draw(st.sampled_from([7, 100, 65_536])))
    probes = [*vectors[random.integers(0, len(vectors), 2)], *spread(3, vectors.shape[1], int(random.integers(99)))]
    expected = [brute_force(probe, faces, vectors, limit) for probe in probes]
    together = index.search([template(probe) for probe in probes], galleries=ONE, limit=limit)
    alone = [index.search([template(probe)], galleries=ONE, limit=limit)[0] for probe in probes]
    assert [pairs(found) for found in together] == expected
    assert [pairs(found) for found in alone] == expected
    for probe, found in zip(probes * 2, [*together, *alone], strict=True):
        proof = found.certificate
        assert proof.compared == len(vectors)
        if proof.outside_bound is not None:
            assert (scores(probe, vectors) > proof.outside_bound).sum() <= proof.rescored < len(vectors)


@pytest.mark.parametrize("kind", KINDS)
def test_ties_at_the_end_of_the_list_go_to_the_lowest_face_ids(kind: CodeKind) -> None:
    vectors = np.repeat(spread(1, 128), 5000, axis=0)
    faces = np.random.default_rng(2).permutation(5000)
    (found,) = filled(vectors, faces, codes=kind).search([template(vectors[0])], galleries=ONE, limit=10)
    assert [ranked.face for ranked in found.faces] == list(range(10))
    assert found.certificate.rescored == 5000
    assert found.certificate.outside_bound is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_search_rescores_few_rows(kind: CodeKind) -> None:
    vectors = spread(20_000, 128)
    (found,) = filled(vectors, codes=kind).search([template(vectors[77])], galleries=ONE, limit=20)
    assert found.faces[0].face == 77
    assert found.certificate.codes == kind
    assert found.certificate.rescored < 200


def test_many_probes_are_compared_with_every_row_of_a_large_block() -> None:
    vectors = spread(7000, 16)
    probes = vectors[[0, 2047, 2048, 4096, 6999]]
    found = filled(vectors).search([template(probe) for probe in probes], galleries=ONE, limit=3)
    assert [pairs(one) for one in found] == [brute_force(probe, np.arange(7000), vectors, 3) for probe in probes]


def test_8_bit_codes_are_the_default() -> None:
    for dimension in (128, 512):
        (found,) = filled(spread(500, dimension)).search([template(spread(1, dimension)[0])], galleries=ONE, limit=2)
        assert found.certificate.codes == "8-bit"


def test_threads_change_nothing() -> None:
    vectors = spread(3000, 64)
    probe = template(spread(1, 64, 5)[0])
    one, two = (filled(vectors, threads=threads, block_rows=500) for threads in (1, 2))
    assert one.search([probe], galleries=ONE, limit=50) == two.search([probe], galleries=ONE, limit=50)


def test_nothing_to_search_gives_an_empty_list_that_says_so() -> None:
    index = filled(spread(400, 8))
    for galleries in (frozenset[GalleryId](), frozenset({GalleryId(9)})):
        for probes in (1, 5):
            for found in index.search([template(spread(1, 8)[0])] * probes, galleries=galleries, limit=5):
                assert found.faces == ()
                assert (found.certificate.compared, found.certificate.rescored) == (0, 0)
                assert found.certificate.outside_bound is None
    assert index.search([], galleries=ONE, limit=5) == ()


def test_a_row_is_visible_from_its_addition_until_before_its_removal() -> None:
    vectors = spread(600, 16)
    index = ExhaustiveIndex(PACK, 16, block_rows=64)
    numbers = np.arange(600)
    index.add(numbers, vectors, galleries=(1 + numbers % 2).astype(np.int32), added=numbers)
    index.remove(np.arange(100, 200), removed=700)
    index.remove(np.arange(240, 600, 40), removed=900)
    both = frozenset({GalleryId(1), GalleryId(2)})
    for as_of, expected in ((0, 1), (98, 99), (599, 600), (699, 600), (700, 500), (899, 500), (900, 491), (None, 491)):
        position = None if as_of is None else Seq(as_of)
        (found,) = index.search([template(vectors[150])], galleries=both, limit=3, as_of=position)
        assert found.certificate.compared == expected
        assert (found.faces[0].face == 150) == (as_of in (599, 699))
        assert sum(index.count(both, position).values()) == expected
    assert index.count([GalleryId(1), GalleryId(3)], Seq(10)) == {1: 6, 3: 0}
    assert len(index) == 600


def test_most_rows_removed_leaves_the_others_to_be_found() -> None:
    vectors = spread(2000, 32)
    index = filled(vectors, block_rows=300)
    kept = np.arange(0, 2000, 5)
    index.remove(np.setdiff1d(np.arange(2000), kept), removed=9)
    for probe in (vectors[3], vectors[5]):
        (found,) = index.search([template(probe)], galleries=ONE, limit=20)
        assert pairs(found) == brute_force(probe, kept, vectors[kept], 20)


def test_what_was_removed_cannot_crowd_out_what_was_not() -> None:
    vectors = np.concatenate([np.repeat(spread(1, 32), 1000, axis=0), spread(9000, 32, 2)])
    index = filled(vectors)
    index.remove(np.arange(1000), removed=9)
    (found,) = index.search([template(vectors[0])], galleries=ONE, limit=20)
    assert pairs(found) == brute_force(vectors[0], np.arange(1000, 10_000), vectors[1000:], 20)


def test_erased_templates_and_codes_are_nowhere_in_memory() -> None:
    vectors = spread(300, 64)
    index = ExhaustiveIndex(PACK, 64, block_rows=128)
    for start in range(0, 300, 50):
        add(index, np.arange(start, start + 50), vectors[start : start + 50])
    index.erase(np.array([0, 120, 299]))
    held = b"".join(array.tobytes() for block in index._blocks for array in block._arrays())
    assert vectors[1].tobytes() in held
    for gone in (0, 120, 299):
        assert vectors[gone].tobytes() not in held
        (found,) = index.search([template(vectors[gone])], galleries=ONE, limit=300, as_of=Seq(0))
        assert gone not in {ranked.face for ranked in found.faces}
        assert len(found.faces) == 297
    index.erase(np.array([0]))
    add(index, [0], vectors[:1])
    assert len(index) == 298


def test_erasing_everything_frees_the_memory() -> None:
    index = filled(spread(300, 8), block_rows=100)
    assert index.memory_bytes > 300 * 8 * 4
    index.erase(np.arange(300))
    assert (len(index), index.memory_bytes) == (0, 0)
    add(index, [5], spread(1, 8))
    assert index.count(ONE) == {1: 1}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_added_one_by_one_are_found_like_rows_added_at_once(kind: CodeKind) -> None:
    vectors = np.concatenate([spread(300, 24), np.eye(24, dtype=np.float32)])
    index = ExhaustiveIndex(PACK, 24, codes=kind)
    for number, vector in enumerate(vectors):
        add(index, [number], vector[np.newaxis])
    probe = spread(1, 24, 9)[0]
    (found,) = index.search([template(probe)], galleries=ONE, limit=30)
    assert pairs(found) == brute_force(probe, np.arange(324), vectors, 30)


def refused_vectors() -> list[np.ndarray]:
    good = spread(2, 4)
    bad: list[np.ndarray] = [good.astype(np.float64), good[:1], good[:, :3], good * np.float32(1.01)]
    for value in (np.nan, np.inf):
        spoilt = good.copy()
        spoilt[1, 2] = value
        bad.append(spoilt)
    return bad


@pytest.mark.parametrize("vectors", refused_vectors())
def test_what_is_not_a_unit_vector_is_refused_whole(vectors: np.ndarray) -> None:
    index = ExhaustiveIndex(PACK, 4)
    with pytest.raises(InvalidInput):
        add(index, [1, 2], vectors)
    assert len(index) == 0


@pytest.mark.parametrize(
    ("faces", "galleries", "added"),
    [([1, 2], [1], [0, 0]), ([1, 2], [0, 1], [0, 0]), ([1, 2], [1, 1], [0, -1]), ([1.0, 2.0], [1, 1], [0, 0])],
)
def test_columns_that_do_not_fit_are_refused(faces: list[Any], galleries: list[int], added: list[int]) -> None:
    index = ExhaustiveIndex(PACK, 4)
    with pytest.raises(InvalidInput):
        index.add(np.array(faces), spread(2, 4), galleries=np.array(galleries, np.int32), added=np.array(added))


def test_a_face_stands_in_the_index_once() -> None:
    index = filled(spread(3, 4))
    index.remove(np.array([2]), removed=5)
    for faces in ([7, 7], [8, 1], [8, 2]):
        with pytest.raises(Conflict):
            add(index, faces, spread(2, 4))
    assert index.count(ONE) == {1: 2}


def test_a_removal_that_cannot_be_is_refused_whole() -> None:
    index = ExhaustiveIndex(PACK, 4)
    add(index, [1, 2], spread(2, 4), added=5)
    with pytest.raises(NotFound):
        index.remove(np.array([1, 3]), removed=9)
    with pytest.raises(Conflict):
        index.remove(np.array([1]), removed=5)
    index.remove(np.array([2]), removed=8)
    index.remove(np.array([2]), removed=8)
    with pytest.raises(Conflict):
        index.remove(np.array([1, 2]), removed=9)
    assert index.count(ONE) == {1: 1}


def test_probes_that_cannot_be_compared_are_refused() -> None:
    index = filled(spread(3, 4))
    with pytest.raises(IncomparableTemplates):
        index.search([Template(spread(1, 4)[0], Fingerprint("other"))], galleries=ONE, limit=5)
    with pytest.raises(InvalidInput, match="5 numbers"):
        index.search([template(spread(1, 5)[0])], galleries=ONE, limit=5)
    with pytest.raises(InvalidInput):
        index.search([template(spread(1, 4)[0])], galleries=ONE, limit=0)


@pytest.mark.parametrize("settings", [{"dimension": 0}, {"dimension": 5000}, {"threads": 0}, {"block_rows": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        ExhaustiveIndex(PACK, **{"dimension": 4, **settings})  # type: ignore[arg-type]


def test_a_search_sees_a_change_entirely_or_not_at_all() -> None:
    vectors = spread(500, 32)
    index = filled(vectors)
    twins = np.repeat(spread(1, 32, 8), 40, axis=0)
    seen = set[int]()
    failures = list[BaseException]()

    def searching() -> None:
        try:
            for _ in range(150):
                (found,) = index.search([template(twins[0])], galleries=ONE, limit=60)
                seen.add(sum(ranked.face >= 1000 for ranked in found.faces))
        except BaseException as failure:  # noqa: BLE001 -- shown by the assertion below
            failures.append(failure)

    threads = [Thread(target=searching) for _ in range(2)]
    for thread in threads:
        thread.start()
    for change in range(30):
        faces = np.arange(1000 + 40 * change, 1040 + 40 * change)
        add(index, faces, twins, added=change)
        (index.erase(faces) if change % 2 else index.remove(faces, removed=change + 1))
    for thread in threads:
        thread.join()
    assert not failures
    assert seen <= {0, 40}


def test_running_out_of_memory_changes_nothing() -> None:
    program = """
import resource
import numpy as np
from lookalike.domain.errors import Unavailable
from lookalike.domain.identifiers import Fingerprint
from lookalike.domain.templates import Template
from lookalike.index import ExhaustiveIndex
index = ExhaustiveIndex(Fingerprint("a"), 512, block_rows=4096)
rows = np.zeros((60_000, 512), np.float32)
rows[:, 0] = 1
def add(start, stop):
    faces = np.arange(start, stop)
    index.add(faces, rows[start:stop], galleries=np.ones(len(faces), np.int32), added=faces)
add(0, 5000)
probe = Template(rows[0], Fingerprint("a"))
before = index.search([probe], galleries=frozenset({1}), limit=5)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, resource.RLIM_INFINITY))
try:
    add(5000, 60_000)
except Unavailable as failure:
    print(failure.code)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert len(index) == 5000
assert all(not block.vectors[block.count :].any() for block in index._blocks)
assert index.search([probe], galleries=frozenset({1}), limit=5) == before
add(5000, 7000)
print(len(index))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["unavailable", "7000"], done.stderr


def test_naming_the_package_does_not_load_the_scanning_library() -> None:
    program = "import sys, lookalike.index; print('faiss' in sys.modules or 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
