"""Frames: each is bound to its object, its place and the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.errors import IntegrityError
from lookalike.store.sealing import FRAME_BYTES, FrameCipher, frame_count, sealed_size

KEY = bytes(range(32))
DIGEST = bytes(32)
DATA = bytes(2 * FRAME_BYTES)


def opened(frames: list[bytes], size: int, digest: bytes = DIGEST) -> bytes:
    return b"".join(FrameCipher(KEY, digest).open(frames, size))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2 * FRAME_BYTES + 2))
def test_round_trip(size: int) -> None:
    data = DATA[:size] + b"xy"[: max(0, size - len(DATA))]
    frames = list(FrameCipher(KEY, DIGEST).seal(data))
    assert opened(frames, size) == data
    assert (len(frames), sum(map(len, frames))) == (frame_count(size), sealed_size(size))


def test_the_end_is_sealed() -> None:
    """Without reading everything: a frame that was not the last one does not open as the last."""
    frames = list(FrameCipher(KEY, DIGEST).seal(DATA))
    with pytest.raises(IntegrityError, match="Frame 0"):
        opened(frames[:1], FRAME_BYTES)
    with pytest.raises(IntegrityError, match="Frame 1"):
        opened(frames, 3 * FRAME_BYTES)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_number_of_frames_is_held_to(count: int) -> None:
    frames = list(FrameCipher(KEY, DIGEST).seal(DATA))
    with pytest.raises(IntegrityError):
        opened((frames + frames)[:count], len(DATA))


def test_a_frame_belongs_to_its_object() -> None:
    """Even where two objects have one key, which the store never does."""
    frames = list(FrameCipher(KEY, DIGEST).seal(b"picture"))
    with pytest.raises(IntegrityError, match="Frame 0"):
        opened(frames, 7, digest=bytes([1]) * 32)


def test_a_frame_belongs_to_its_place() -> None:
    first, second = FrameCipher(KEY, DIGEST).seal(DATA)
    with pytest.raises(IntegrityError, match="Frame 0"):
        opened([second, first], len(DATA))
