"""The files that a verb leaves for people: bundles, loose tokens and receipts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from jetshare.cli.output import say, warn
from jetshare.errors import InputError, JetshareError
from jetshare.sharing import bundle
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.store.atomic import write_atomic
from jetshare.workflows.grant import Grant, GrantResult
from jetshare.workflows.revoke import RevokeResult

_KEY_START = 9  # of 56 characters: enough to tell the importers of one share apart
_LONGEST = 60
_TRIAL_SIZE = 4096  # a block: a full disk may still have room for a name


def bundle_names(result: GrantResult) -> dict[str, str]:
    """The name of each importer's file, by its key."""
    start = f"{_safe(result.provider_name)}-{_stem(result.share)}"
    return {key: f"{start}-{who}.share" for key, who in file_words(result.grants).items()}


def token_name(result: GrantResult, who: str, role: Role) -> str:
    return f"{_safe(f'{result.share.stream}-{result.share.consumer}')}-{who}-{role}.tok"


def file_words(grants: Sequence[Grant]) -> dict[str, str]:
    """What stands for each importer in names of files: its name or the start of its key, and
    the whole key where two would look alike (or on a disk that does not tell case apart).
    """
    words = {g.importer: _who(g.importer, g.importer_name) for g in grants}
    seen = Counter(word.casefold() for word in words.values())
    return {key: key if seen[word.casefold()] > 1 else word for key, word in words.items()}


def receipt_name(result: RevokeResult, importer: str, name: str) -> str:
    """With the time in it, for one share may be revoked again and again."""
    who = "everyone" if importer == "*" else _who(importer, name)
    start = f"{_safe(result.provider_name)}-{_stem(result.share)}-{who}"
    return f"{start}-{datetime.fromtimestamp(result.at, UTC):%Y%m%dT%H%M%SZ}.receipt"


def unused(path: Path, *, may_replace: Callable[[str], bool] = lambda _: False) -> Path:
    """``path``, or with a number in its name where a file is there that must not be lost.

    Names are short, so two files may want one. ``may_replace`` is asked about the text of
    the one that is there.
    """
    numbered = (path.with_name(f"{path.stem}.{number}{path.suffix}") for number in count(2))
    for place in chain([path], numbered):
        try:
            if may_replace(place.read_text("utf-8", "replace")):
                return place
        except OSError:  # nothing is there; or writing says what is wrong with the place
            return place
    return path


def grants_the_same(text: str, share: PullConsumer, provider: str, importer: str) -> bool:
    """Whether a bundle that is there is of the same grant, which a new one renews."""
    try:
        held = bundle.read(text)
    except JetshareError:
        return False
    return (held.share, held.provider, held.importer) == (share, provider, importer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A text that found no place on the disk, and why."""

    path: Path
    text: str
    why: str


def check_folder(folder: Path, option: str = "-o") -> None:
    """Raises InputError where no file can be made in ``folder``, which ``option`` names.

    To be asked before anything is done whose only record is to be left there.
    """
    trial = folder / f".jetshare-{os.urandom(8).hex()}.tmp"
    try:
        trial.write_bytes(bytes(_TRIAL_SIZE))
        trial.unlink()
    except OSError as error:
        with suppress(OSError):
            trial.unlink()
        raise InputError(
            f"no file can be made in {folder}: {os.strerror(error.errno or 0)}",
            hint=f"name one that is there and can be written to with {option}; nothing was changed",
        ) from None


def write_files(files: Iterable[tuple[Path, str]]) -> tuple[Lost, ...]:
    """Each file whole or not at all, readable by its owner only.

    Those that could not be written are given back: what they say is done already.
    """
    lost = []
    for path, text in files:
        try:
            write_atomic(path, text.encode())
        except OSError as error:
            lost.append(Lost(path=path, text=text, why=os.strerror(error.errno or 0)))
    return tuple(lost)


def tell_lost(lost: Iterable[Lost], *, as_json: bool) -> None:
    """With the texts themselves on stdout, where they can still be saved; the object that
    is printed with ``as_json`` has them already."""
    for each in lost:
        where = "in the object" if as_json else "below"
        warn(f"{each.path} cannot be written: {each.why}; what belongs into it is {where}")
        for line in [] if as_json else each.text.splitlines():
            say(line)


def _stem(share: PullConsumer) -> str:
    """The consumer alone where its name says the stream's already, as ORDERS-C1 does."""
    both = f"{share.stream}-{share.consumer}"
    return _safe(share.consumer if share.consumer.startswith(f"{share.stream}-") else both)


def _who(public: str, name: str) -> str:
    return _safe(name or public[:_KEY_START] or "public")


def _safe(name: str) -> str:
    """``name`` with what no file's name should hold replaced, and no longer than people read."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).lstrip(".")
    return kept[:_LONGEST] or "unnamed"
