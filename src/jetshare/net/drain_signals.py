"""Draining at a signal. All that drain within one program hear it, however many they are."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any


class _AtSignal:
    """The handler of one signal, from the first that drains at it until the last has ended."""

    def __init__(self, before: Any) -> None:
        self.before = before  # the handler that the last one puts back
        self.drains: list[Callable[[], object]] = []
        self._process = os.getpid()

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a fork, which has nothing to drain
            signal.signal(number, self.before)
            signal.raise_signal(number)
            return
        for drain in self.drains:
            drain()
        if number == signal.SIGINT:  # whoever presses Ctrl-C again does not want to wait
            signal.signal(number, self.before)

    def leave(self, number: int, drain: Callable[[], object]) -> None:
        self.drains.remove(drain)
        before, there = self.before, signal.getsignal(number)
        if not self.drains and there is self:  # and not what the application has put there
            signal.signal(number, before)


@contextmanager
def drained_at(signals: Sequence[signal.Signals], drain: Callable[[], object]) -> Iterator[None]:
    """Call ``drain`` in the running loop at each of ``signals``, until the end of the block.

    The second SIGINT does what it did before. A signal that the application handles itself is
    left to it, and outside the main thread, where Python handles none, so are all.
    """
    loop = asyncio.get_running_loop()

    def soon() -> None:
        loop.call_soon_threadsafe(drain)

    heard: list[tuple[signal.Signals, _AtSignal]] = []
    if threading.current_thread() is threading.main_thread():
        for number in signals:
            there = signal.getsignal(number)
            if _is_nobodys(there):
                there = _AtSignal(there)
                signal.signal(number, there)
            if isinstance(there, _AtSignal):
                there.drains.append(soon)
                heard.append((number, there))
    try:
        yield
    finally:
        for number, handler in heard:
            handler.leave(number, soon)


def _is_nobodys(handler: object) -> bool:
    """Whether a signal is handled by Python or asyncio.run alone, not by the application."""
    if handler in (signal.SIG_DFL, signal.default_int_handler):
        return True
    method = getattr(handler, "func", None)  # asyncio.Runner sets a partial of its method
    return isinstance(getattr(method, "__self__", None), asyncio.Runner)
