"""One process at a time serves a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetshare.errors import StoreLocked
from support.offline import folder_store


def test_a_second_one_is_told_who_serves_it(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    with store.served():
        with (
            pytest.raises(StoreLocked, match=rf"OP is served already by process {os.getpid()}\b"),
            store.served(),
        ):
            raise AssertionError("two served it")
        with store.edit():
            pass  # it can be edited meanwhile
    with store.served():
        pass
