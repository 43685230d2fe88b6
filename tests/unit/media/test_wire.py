"""The records between parent and child: what is packed is read back, what cannot be is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.media.formats import ALLOWED
from lookalike.media.wire import COLOURS, REASONS, REPLY, Reply, Request

PIXELS = st.integers(0, 2**31)
REPLIES = st.builds(
    Reply,
    refused=st.none() | st.sampled_from(REASONS),
    is_last=st.booleans(),
    format=st.sampled_from(ALLOWED),
    stored_width=PIXELS,
    stored_height=PIXELS,
    orientation=st.integers(1, 8),
    colour=st.sampled_from(COLOURS),
    reduction=st.sampled_from((1, 2, 4, 8)),
    frame_count=st.integers(1, 10_000),
    width=PIXELS,
    height=PIXELS,
    detail=st.text("abcXYZ_09", max_size=48),
)


@given(REPLIES)
def test_replies_come_back(reply: Reply) -> None:
    assert Reply.unpack(reply.pack()) == reply


@given(st.integers(0, 2**40), st.integers(0, 2**31), st.sampled_from(ALLOWED))
def test_requests_come_back(length: int, side: int, format_: str) -> None:
    assert Request.unpack(Request(length, side, format_).pack()) == Request(length, side, format_)


@given(st.binary(min_size=REPLY.size, max_size=REPLY.size))
def test_any_bytes_are_a_possible_reply_or_refused(record: bytes) -> None:
    try:
        reply = Reply.unpack(record)
    except ValueError:
        return
    assert Reply.unpack(reply.pack()) == reply


GOOD = Reply(None, format="PNG", stored_width=4, stored_height=3, width=4, height=3).pack()


@pytest.mark.parametrize(
    ("at", "value"), [(0, 99), (1, 2), (2, ord("X")), (18, 0), (18, 9), (19, 4), (20, 3), (22, 255), (28, 255)]
)
def test_impossible_replies_are_refused(at: int, value: int) -> None:
    assert Reply.unpack(GOOD).format == "PNG"
    with pytest.raises(ValueError, match=r"impossible|codec"):
        Reply.unpack(GOOD[:at] + bytes([value]) + GOOD[at + 1 :])
