"""Many searches at once, or one change: never both."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """A lock that searches share and changes hold alone.

    A change that waits goes before searches that arrive after it, so that a stream of searches
    cannot keep a removal from taking effect. Not re-entrant.

    Example:
        >>> gate = Gate()
        >>> with gate.searching(), gate.searching():
        ...     pass
        >>> with gate.changing():
        ...     pass
    """

    def __init__(self) -> None:
        self._turn = Condition()
        self._searches = 0
        self._changes_waiting = 0
        self._changing = False

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Hold the gate together with other searches."""
        with self._turn:
            self._turn.wait_for(lambda: not self._changing and not self._changes_waiting)
            self._searches += 1
        try:
            yield
        finally:
            with self._turn:
                self._searches -= 1
                self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the gate alone."""
        with self._turn:
            self._changes_waiting += 1
            try:
                self._turn.wait_for(lambda: not self._changing and not self._searches)
                self._changing = True
            finally:
                self._changes_waiting -= 1
                self._turn.notify_all()
        try:
            yield
        finally:
            with self._turn:
                self._changing = False
                self._turn.notify_all()
