"""Durations as Go prints them: ``1m30s``, ``500ms``."""

from __future__ import annotations

import re

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)")


def parse_go_duration(text: str) -> float | None:
    """Seconds, or None where ``text`` is no duration (Go, ``time.Duration.String``)."""
    total, end = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != end:
            return None
        total += float(part[1]) * _SECONDS[part[2]]
        end = part.end()
    return total if text and end == len(text) else None
