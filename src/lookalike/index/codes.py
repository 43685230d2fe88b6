"""Short codes of templates, and how far a score read from them can be from the true one.

For a probe q, a template x, its decoded code x' and a residual r >= ||x - x'||:

    q.x  <=  q.x' + ||q|| r                                  (Cauchy-Schwarz)

so a scan of codes that adds ||q|| r to each inner product returns upper bounds. Each block of rows
has one r, the largest of its rows. What arithmetic the scan itself does is bounded here too.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lookalike.domain.templates import UNIT_TOLERANCE
from lookalike.index.scoring import rounding_error

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
CodeKind = Literal["fp16", "8-bit"]

LONGEST_UNIT = 1.0 + 2 * UNIT_TOLERANCE
ROWS_AT_A_TIME = 1024
SINGLE = 2.0**-24  # the relative error of one float32 operation
DUST = 1e-12  # covers the float64 arithmetic of the bounds themselves


@dataclass(frozen=True, slots=True)
class Fit:
    """What turns the templates of a block into codes.

    Attributes:
        steps: float32, shape (d,): the size of one code step along each coordinate; ones for fp16.
    """

    steps: Floats


@dataclass(frozen=True, slots=True)
class Encoded:
    """Codes, and what bounds the error of every one of them.

    Attributes:
        codes: uint8, shape (n, bytes a row).
        residual: No template is farther than this from its decoded code.
        code_norm: No row of code numbers has a greater Euclidean norm.
    """

    codes: Bytes
    residual: float
    code_norm: float


class Coded(Protocol):
    """A block of rows, as far as a probe has to know it."""

    @property
    def fit(self) -> Fit: ...
    @property
    def residual(self) -> float: ...
    @property
    def code_norm(self) -> float: ...


@dataclass(frozen=True, slots=True)
class ScanProbe:
    """A probe made ready for a scan. What the scan returns for a row is u = scan product + bias.

    Attributes:
        queries: float32, shape (blocks, width): what is multiplied with the code numbers of each block.
        biases: float32, shape (blocks,): what is added to each product.
        scale: A score is at most u / scale + slack.
        slack: The part of the error that is the same for every row.
    """

    queries: Floats
    biases: Floats
    scale: float
    slack: float

    def ceiling(self, value: float) -> float:
        """Return what no row with a scan value of at most *value* can score above."""
        return value / self.scale + self.slack

    def radius(self, score: float) -> float:
        """Return a scan value, a float32, that only rows scoring below *score* can have."""
        margin = DUST
        while True:
            radius = float(np.float32((score - self.slack - margin) * self.scale))
            if self.ceiling(radius) < score:
                return radius
            margin *= 2.0


class Codec(Protocol):
    """A kind of code."""

    name: ClassVar[CodeKind]

    @property
    def width(self) -> int:
        """Code numbers a row: the dimension, padded for the scanning kernels."""

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""

    def fit(self, vectors: Floats) -> Fit:
        """Choose the code steps for *vectors*, float32, shape (n, d)."""

    def encode(self, vectors: Floats, fit: Fit) -> Encoded:
        """Return the codes of *vectors*, float32, shape (n, d)."""

    def prepare(self, probe: Floats, blocks: list[Coded]) -> ScanProbe:
        """Make *probe*, a unit vector of float32, shape (d,), ready to scan *blocks*."""


def codec(kind: CodeKind, dimension: int) -> Codec:
    """Return the codec of *kind* for templates of *dimension* numbers."""
    return HalfCodec(dimension) if kind == "fp16" else ByteCodec(dimension)


def single_precision_slack(dimension: int) -> float:
    """Return how far a float32 inner product of a probe and a row, or its float16 form, may be off.

    A float32 sum of n products is off by at most n u / (1 - n u) times the sum of the products' sizes,
    u = 2**-24, in any order, fused or not (Higham, Accuracy and Stability of Numerical Algorithms,
    section 3.1); that sum is at most the product of the two norms. Two more operations for a bias.

    Example:
        >>> 3.0e-5 < single_precision_slack(512) < 3.3e-5
        True
    """
    terms = (dimension + 2) * SINGLE
    return terms / (1.0 - terms) * 1.01 + rounding_error(dimension) + DUST


def exact_scan(dimension: int) -> ScanProbe:
    """Return the bounds of a scan that reads the templates themselves, in float32 and without codes."""
    nothing = np.empty((0, 0), np.float32)
    return ScanProbe(nothing, np.empty(0, np.float32), 1.0, single_precision_slack(dimension))


def greatest_norm(errors: Floats) -> float:
    """Return at least the greatest norm of the rows of *errors*, float32, shape (n, d), n >= 1."""
    squares = float(np.einsum("ij,ij->i", errors, errors).max())
    terms = int(errors.shape[1])
    return math.sqrt(squares) * (1.0 + 2 * terms * SINGLE) + 1e-16


class HalfCodec:
    """Half-precision codes: 2 bytes a coordinate, no steps to choose, residuals of about 0.0003."""

    name: ClassVar[CodeKind] = "fp16"

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._width = -(-dimension // 16) * 16

    @property
    def width(self) -> int:
        """Code numbers a row."""
        return self._width

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""
        return 2 * self._width

    def fit(self, vectors: Floats) -> Fit:  # noqa: ARG002 -- nothing depends on the rows
        """Return unit steps."""
        return Fit(np.ones(self._dimension, np.float32))

    def encode(self, vectors: Floats, fit: Fit) -> Encoded:  # noqa: ARG002 -- see Codec
        """Return the half-precision form of *vectors*."""
        halves = np.zeros((len(vectors), self._width), np.float16)
        residual = 0.0
        for start in range(0, len(vectors), ROWS_AT_A_TIME):
            part = vectors[start : start + ROWS_AT_A_TIME]
            rows = part.astype(np.float16)
            halves[start : start + len(part), : self._dimension] = rows
            residual = max(residual, greatest_norm(part - rows.astype(np.float32)) + 2 * SINGLE)
        return Encoded(halves.view(np.uint8), residual, LONGEST_UNIT + residual)

    def prepare(self, probe: Floats, blocks: list[Coded]) -> ScanProbe:
        """Return *probe* itself, padded, with each block's residual as its bias."""
        query = np.zeros(self._width, np.float32)
        query[: self._dimension] = probe
        residuals = np.array([block.residual for block in blocks], np.float64) * LONGEST_UNIT
        return ScanProbe(
            queries=np.broadcast_to(query, (len(blocks), self._width)),
            biases=residuals.astype(np.float32),
            scale=1.0,
            slack=single_precision_slack(self._width),
        )


class ByteCodec:
    """8-bit codes: 1 byte a coordinate, steps chosen a coordinate and block, residuals of about 0.01.

    The scan multiplies whole numbers, so it is exact on every machine: code numbers lie in -127..127, and
    the probe is brought to whole numbers too. Their products' sizes add up to at most
    a ||q|| ||x'|| + 127 d / 2, the bias to a (r + ...) alike, so that with a <= 2**21, d <= 4096 and vectors of
    length 1 every sum stays below 2**24, up to which float32 holds every whole number.

    With steps s, code numbers c, p = q s (a coordinate at a time), whole numbers p' = round(a p) and
    f = p - p'/a:

        q.x'  =  p.c  =  p'.c / a + f.c,     f.c <= min(||f|| ||c||, ||f/s|| ||x'||)

    so a (||q|| r + that minimum), rounded up, is the block's bias, and a the scale.
    """

    name: ClassVar[CodeKind] = "8-bit"
    LARGEST: ClassVar[int] = 127
    ZERO: ClassVar[int] = 128  # the byte that stands for 0
    SHORTEST_REACH: ClassVar[float] = 2.0**-7  # coordinates that hardly vary need no finer steps
    LARGEST_SCALE: ClassVar[float] = 2.0**21

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._width = -(-dimension // 32) * 32

    @property
    def width(self) -> int:
        """Code numbers a row."""
        return self._width

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""
        return self._width

    def fit(self, vectors: Floats) -> Fit:
        """Choose steps that reach the largest coordinate of *vectors* along each axis."""
        reach = np.maximum(vectors.max(axis=0), -vectors.min(axis=0))
        return Fit((np.maximum(reach, self.SHORTEST_REACH) / self.LARGEST).astype(np.float32))

    def encode(self, vectors: Floats, fit: Fit) -> Encoded:
        """Return the nearest code numbers; what lies out of reach only gets a greater residual."""
        codes = np.full((len(vectors), self._width), self.ZERO, np.uint8)
        residual = code_norm = 0.0
        for start in range(0, len(vectors), ROWS_AT_A_TIME):
            part = vectors[start : start + ROWS_AT_A_TIME]
            numbers = part / fit.steps
            np.rint(numbers, out=numbers)
            np.clip(numbers, -self.LARGEST, self.LARGEST, out=numbers)
            code_norm = max(code_norm, greatest_norm(numbers))
            codes[start : start + len(part), : self._dimension] = numbers + self.ZERO
            numbers *= fit.steps
            np.subtract(part, numbers, out=numbers)
            # Two float32 roundings a coordinate, of numbers whose norms are below 1.5.
            residual = max(residual, greatest_norm(numbers) + 4 * SINGLE)
        return Encoded(codes, residual, code_norm)

    def prepare(self, probe: Floats, blocks: list[Coded]) -> ScanProbe:
        """Bring *probe* to whole numbers for each block, at one scale, so that values compare across blocks."""
        steps = np.stack([block.fit.steps for block in blocks]).astype(np.float64)
        residuals = np.array([block.residual for block in blocks])
        code_norms = np.array([block.code_norm for block in blocks])
        wanted = steps * probe
        scale = min(self.LARGEST / float(np.abs(wanted).max()), self.LARGEST_SCALE)
        whole = np.clip(np.rint(wanted * scale), -self.LARGEST, self.LARGEST)
        rest: npt.NDArray[np.float64] = wanted - whole / scale
        by_codes = np.linalg.norm(rest, axis=1) * code_norms
        rest /= steps
        by_vectors = np.linalg.norm(rest, axis=1) * (LONGEST_UNIT + residuals)
        excess = np.minimum(by_codes, by_vectors) + LONGEST_UNIT * residuals
        queries = np.zeros((len(blocks), self._width), np.float32)
        queries[:, : self._dimension] = whole
        return ScanProbe(
            queries=queries,
            biases=(np.ceil(excess * scale * (1.0 + 1e-9)) + 1.0).astype(np.float32),
            scale=scale,
            slack=rounding_error(self._dimension) + DUST,
        )
