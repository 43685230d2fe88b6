"""The scan itself: the only module that speaks to faiss.

Codes lie in arrays of the index's own, so that rows can be added, hidden and zeroed in place; faiss
is handed pointers to neighbouring rows and keeps the best it has seen across all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import faiss
import numpy as np

from lookalike.domain.errors import Unavailable
from lookalike.index.blocks import Numbers, Piece
from lookalike.index.codes import Codec, Floats, ScanProbe
from lookalike.index.found import PLACE_BITS, Found, found_among


@contextmanager
def translated() -> Iterator[None]:
    """Raise what faiss raises as an error of this project."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        raise Unavailable(
            "The scan of the galleries failed, so there is no list.",
            remedy="Try again; if it fails again, give the process more memory.",
            reason=str(error),
        ) from error


class Scanner:
    """Scans pieces for the rows with the greatest values.

    Args:
        codec: What the pieces' codes are.
        threads: Threads a scan may use, 1 or more.
    """

    def __init__(self, codec: Codec, threads: int) -> None:
        kind = faiss.ScalarQuantizer.QT_fp16 if codec.name == "fp16" else faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._quantizer: Any = faiss.ScalarQuantizer(codec.width, kind)  # its stubs lack what is used here
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "lookalike-scan") if threads > 1 else None

    def best(self, pieces: Sequence[Piece], probe: ScanProbe, rows: int) -> Found:
        """Return the *rows* visible rows with the greatest values; all of them if there are fewer."""
        with translated():
            parts = self._shared_out(pieces, partial(self._best_of, pieces, probe, rows))
        values = np.concatenate([part[0] for part in parts])
        labels = np.concatenate([part[1] for part in parts])
        return found_among(values, labels, rows)

    def above(self, pieces: Sequence[Piece], probe: ScanProbe, radius: float) -> Found:
        """Return every visible row with a value above *radius*."""
        with translated():
            parts = self._shared_out(pieces, partial(self._above_of, pieces, probe, radius))
        values = np.concatenate([part[0] for part in parts])
        labels = np.concatenate([part[1] for part in parts])
        return found_among(values, labels, len(labels))

    def _shared_out(
        self, pieces: Sequence[Piece], work: Callable[[Sequence[int]], tuple[Floats, Numbers]]
    ) -> list[tuple[Floats, Numbers]]:
        numbers = range(len(pieces))
        if self._pool is None or len(pieces) == 1:
            return [work(numbers)]
        return list(self._pool.map(work, [numbers[first :: self._threads] for first in range(self._threads)]))

    def _scanners(self, pieces: Sequence[Piece], probe: ScanProbe, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Yield each piece's number and a scanner that is set to it."""
        plain = self._scanner(None)
        for number in numbers:
            piece = pieces[number]
            if piece.bits is None:
                scanner = plain
                scanner.set_list(number, float(probe.biases[number]))
            else:
                # A selector sees whole labels, so they must be plain row numbers here.
                selector = faiss.IDSelectorBitmap(piece.rows, faiss.swig_ptr(piece.bits))
                scanner = self._scanner(selector)
                scanner.set_list(0, float(probe.biases[number]))
            scanner.set_query(faiss.swig_ptr(probe.queries[number]))
            yield number, scanner

    def _scanner(self, selector: Any) -> Any:
        return self._quantizer.select_InvertedListScanner(faiss.METRIC_INNER_PRODUCT, None, True, selector, True)

    def _best_of(
        self, pieces: Sequence[Piece], probe: ScanProbe, rows: int, numbers: Sequence[int]
    ) -> tuple[Floats, Numbers]:
        values = np.full(rows, -np.inf, np.float32)
        labels = np.full(rows, -1, np.int64)
        own = np.empty(rows, np.int64)
        for number, scanner in self._scanners(pieces, probe, numbers):
            piece = pieces[number]
            if piece.bits is not None:
                own[:] = labels  # kept aside under negative labels, while plain row numbers come in
                labels[:] = -1 - np.arange(rows)
            codes = piece.codes
            scanner.scan_codes(
                piece.rows, faiss.swig_ptr(codes), None, faiss.swig_ptr(values), faiss.swig_ptr(labels), rows
            )
            if piece.bits is not None:
                aside = labels < 0
                labels[~aside] |= number << PLACE_BITS
                labels[aside] = own[-1 - labels[aside]]
        kept = labels >= 0
        return values[kept], labels[kept]

    def _above_of(
        self, pieces: Sequence[Piece], probe: ScanProbe, radius: float, numbers: Sequence[int]
    ) -> tuple[Floats, Numbers]:
        values: list[Floats] = [np.empty(0, np.float32)]
        labels: list[Numbers] = [np.empty(0, np.int64)]
        for number, scanner in self._scanners(pieces, probe, numbers):
            piece = pieces[number]
            result = faiss.RangeSearchResult(1)
            partial_result = faiss.RangeSearchPartialResult(result)  # type: ignore[attr-defined]
            codes = piece.codes
            scanner.scan_codes_range(piece.rows, faiss.swig_ptr(codes), None, radius, partial_result.new_result(0))
            partial_result.finalize()
            count = int(faiss.rev_swig_ptr(result.lims, 2)[1])
            values.append(faiss.rev_swig_ptr(result.distances, count).copy())
            places = faiss.rev_swig_ptr(result.labels, count) & (2**PLACE_BITS - 1)
            labels.append(places | (number << PLACE_BITS))
        return np.concatenate(values), np.concatenate(labels)
