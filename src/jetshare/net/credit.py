"""How much may still be asked for: the flow control of a pull loop (ADR-37, buffering)."""

from __future__ import annotations


class Credit:
    """One limit, in messages or bytes, on what is asked for and not yet handed out.

    ``pending`` is that amount; ``outstanding`` the part of it that has not arrived yet.
    Neither is ever negative: what arrives unasked (late, of a pull given up) counts as
    asked for.
    """

    __slots__ = ("limit", "received", "requested", "taken", "threshold")

    def __init__(self, limit: int, threshold: int | None = None) -> None:
        self.limit = limit
        self.threshold = threshold if threshold is not None else half(limit)
        self.requested = 0
        self.received = 0
        self.taken = 0

    @property
    def pending(self) -> int:
        return self.requested - self.taken

    @property
    def outstanding(self) -> int:
        return self.requested - self.received

    @property
    def low(self) -> bool:
        """Whether it is time to ask for more."""
        return self.requested - self.taken < self.threshold

    def top_up(self, most: int) -> int:
        """Ask for what is missing to the limit, at most ``most``; how much that is."""
        amount = max(0, min(self.limit - self.pending, most))
        self.requested += amount
        return amount

    def flow(self, received: int, taken: int) -> None:
        """What has arrived so far, and what of it the application was handed."""
        self.received, self.taken = received, taken
        if received > self.requested:
            self.requested = received

    def returned(self, amount: int) -> None:
        """A pull ended with ``amount`` of it not given."""
        self.requested = max(self.received, self.requested - amount)

    def void(self) -> None:
        """Nothing that is outstanding will come any more."""
        self.requested = self.received

    def narrow(self, limit: int) -> None:
        """Lower the limit to what the consumer allows in one pull."""
        if limit < self.limit:
            self.limit = limit
            self.threshold = min(self.threshold, half(limit))


def half(limit: int) -> int:
    """Half, rounded up: with a limit of 1 there is a pull whenever nothing is pending."""
    return (limit + 1) // 2
