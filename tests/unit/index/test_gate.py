"""Searches share the gate; a change has it alone and is not kept waiting by searches that come later."""

from threading import Event, Thread

import pytest

from lookalike.index.gate import Gate

PATIENCE = 10.0
SHORT = 0.05


def test_searches_do_not_wait_for_each_other() -> None:
    gate, inside = Gate(), Event()

    def search() -> None:
        with gate.searching():
            inside.set()

    with gate.searching():
        other = Thread(target=search)
        other.start()
        assert inside.wait(PATIENCE)
    other.join(PATIENCE)


def test_a_change_waits_for_searches_and_later_searches_wait_for_it() -> None:
    gate, order = Gate(), list[str]()
    changed, searched = Event(), Event()

    def change() -> None:
        with gate.changing():
            order.append("change")
            changed.set()

    def search() -> None:
        with gate.searching():
            order.append("search")
            searched.set()

    with gate.searching():
        changer = Thread(target=change)
        changer.start()
        while not gate._changes_waiting:
            changed.wait(0.001)
        searcher = Thread(target=search)
        searcher.start()
        assert not changed.wait(SHORT)
        assert not searched.is_set()
    assert changed.wait(PATIENCE)
    assert searched.wait(PATIENCE)
    changer.join(PATIENCE)
    searcher.join(PATIENCE)
    assert order == ["change", "search"]


def test_the_gate_opens_again_after_a_failure() -> None:
    gate = Gate()
    for enter in (gate.changing, gate.searching, gate.changing):
        with pytest.raises(KeyError), enter():
            raise KeyError
    with gate.changing():
        pass
