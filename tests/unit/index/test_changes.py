"""Any sequence of additions, removals and erasures leaves an index that agrees with a small model of it."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lookalike.domain.errors import Conflict
from lookalike.domain.identifiers import Fingerprint, GalleryId, Seq
from lookalike.domain.templates import Template
from lookalike.index import ExhaustiveIndex
from lookalike.index.codes import CodeKind
from lookalike.index.scoring import scores

PACK = Fingerprint("pack")
GALLERIES = [1, 2, 3]
SEEDS = st.integers(0, 2**32)


@dataclass
class Row:
    vector: np.ndarray
    gallery: int
    added: int
    removed: int | None = None


class Changes(RuleBasedStateMachine):
    """The index beside a dictionary of rows."""

    @initialize(
        dimension=st.sampled_from([3, 40]),
        codes=st.sampled_from(["fp16", "8-bit"]),
        block_rows=st.sampled_from([30, 200, 65_536]),
    )
    def begin(self, dimension: int, codes: CodeKind, block_rows: int) -> None:
        self.index = ExhaustiveIndex(PACK, dimension, codes=codes, block_rows=block_rows)
        self.dimension = dimension
        self.rows: dict[int, Row] = {}
        self.position = 0
        self.next_face = 0

    def vectors(self, seed: int, rows: int) -> np.ndarray:
        """Return unit vectors of which many are equal or nearly so."""
        random = np.random.default_rng(seed)
        pool = np.concatenate(
            [
                np.random.default_rng(1).standard_normal((6, self.dimension)),
                np.eye(self.dimension)[:3],
                random.standard_normal((30, self.dimension)),
            ]
        )
        drawn = pool[random.integers(0, len(pool), rows)]
        drawn += random.choice([0, 1e-7, 1e-3], (rows, 1)) * random.standard_normal(drawn.shape)
        lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
        return np.asarray(drawn / lengths, np.float32)

    def some_faces(self, seed: int, share: float, *, removed: bool) -> np.ndarray:
        random = np.random.default_rng(seed)
        here = [face for face, row in self.rows.items() if removed or row.removed is None]
        return np.array([face for face in here if random.random() < share], np.int64)

    @rule(seed=SEEDS, rows=st.sampled_from([1, 17, 150, 400, 900]))
    def add(self, seed: int, rows: int) -> None:
        random = np.random.default_rng(seed)
        faces = random.permutation(np.arange(self.next_face, self.next_face + rows))
        self.next_face += rows
        vectors = self.vectors(seed, rows)
        galleries = random.choice(GALLERIES[: int(random.integers(1, 4))], rows).astype(np.int32)
        self.position += 1
        added = np.full(rows, self.position) - random.integers(0, 2, rows)
        self.index.add(faces, vectors, galleries=galleries, added=added)
        for face, vector, gallery, since in zip(
            faces.tolist(), vectors, galleries.tolist(), added.tolist(), strict=True
        ):
            self.rows[face] = Row(vector, gallery, since)

    @precondition(lambda self: self.rows)
    @rule(seed=SEEDS)
    def add_again(self, seed: int) -> None:
        face = sorted(self.rows)[seed % len(self.rows)]
        faces = np.array([self.next_face, face])
        with pytest.raises(Conflict):
            self.index.add(
                faces, self.vectors(seed, 2), galleries=np.ones(2, np.int32), added=np.full(2, self.position)
            )

    @precondition(lambda self: self.rows)
    @rule(seed=SEEDS, share=st.sampled_from([0.005, 0.1, 0.9]))
    def remove(self, seed: int, share: float) -> None:
        self.position += 1
        faces = self.some_faces(seed, share, removed=False)
        self.index.remove(faces, removed=self.position)
        for face in faces.tolist():
            self.rows[face].removed = self.position

    @precondition(lambda self: self.rows)
    @rule(seed=SEEDS, share=st.sampled_from([0.005, 0.1, 0.9]))
    def erase(self, seed: int, share: float) -> None:
        faces = self.some_faces(seed, share, removed=True)
        self.index.erase(faces)
        for face in faces.tolist():
            del self.rows[face]

    @rule(
        seed=SEEDS,
        probes=st.sampled_from([1, 3, 6]),
        galleries=st.sets(st.sampled_from([*GALLERIES, 9])),
        limit=st.sampled_from([1, 3, 20, 300]),
        back=st.one_of(st.none(), st.integers(-1, 20)),
    )
    def search(self, seed: int, probes: int, galleries: set[int], limit: int, back: int | None) -> None:
        self.agree(seed, probes, galleries, limit, None if back is None else max(0, self.position - back))

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "rows"):
            assert len(self.index) == len(self.rows)
            self.agree(3, 1, {1, 2, 3}, 20, None)
            self.agree(4, 1, {1}, 20, None)
            self.agree(5, 5, {1, 2}, 5, None)
            self.agree(6, 1, {1, 2, 3}, 20, self.position // 2)

    def agree(self, seed: int, probes: int, galleries: set[int], limit: int, as_of: int | None) -> None:
        seen = {
            face: row
            for face, row in self.rows.items()
            if row.gallery in galleries
            and (row.removed is None if as_of is None else row.added <= as_of < (row.removed or as_of + 1))
        }
        vectors = np.array([row.vector for row in seen.values()], np.float32).reshape(-1, self.dimension)
        faces = np.array(list(seen), np.int64)
        searched = self.vectors(seed + 1, probes)
        chosen = frozenset(GalleryId(gallery) for gallery in galleries)
        position = None if as_of is None else Seq(as_of)
        lists = self.index.search(
            [Template(vector, PACK) for vector in searched], galleries=chosen, limit=limit, as_of=position
        )
        assert len(lists) == probes
        for vector, found in zip(searched, lists, strict=True):
            scored = scores(vector, vectors)
            order = np.lexsort((faces, -scored))[:limit]
            assert [(ranked.face, ranked.score) for ranked in found.faces] == list(
                zip(faces[order].tolist(), scored[order].tolist(), strict=True)
            )
            assert found.certificate.compared == len(seen)
        assert self.index.count(chosen, position) == {
            gallery: sum(row.gallery == gallery for row in seen.values()) for gallery in galleries
        }


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
