"""Keep a server in step with a store's folder, whoever writes into it.

The folder is looked at several times a second by names and times alone; a document is
read when it changed. nsc writes without telling anybody, so there is nothing to listen
to, and looking is cheap: a thousand accounts take a few milliseconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from jetshare.errors import (
    JetshareError,
    KeyNotHeld,
    MalformedToken,
    NetworkError,
    NotFound,
    StoreReadOnly,
    WrongIssuer,
)
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Generic, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.identity.validate import validate
from jetshare.net.resolver import SILENT, Resolver
from jetshare.workflows.lapsed import next_end

POLL_S = 0.2


class Step(StrEnum):
    """What became of a document on the server."""

    TAKEN = "taken"
    REFUSED = "refused"
    DELETED = "deleted"
    EXPIRED = "expired"  # activations of the account, which the server gives up now
    STILL_OPEN = "still open"  # the same, where the server cannot be made to


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``account`` is a name, as the folder has it; ``reason`` says why that became of it."""

    step: Step
    account: str
    reason: str = ""


Tell = Callable[[Event], None]
Stamp = tuple[int, int, int]


def stamps(accounts: Path) -> dict[str, Stamp]:
    """When each account's document was last written, by the account's name."""
    found: dict[str, Stamp] = {}
    with os.scandir(accounts) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".")]
    for name in names:
        try:
            seen = os.stat(accounts / name / f"{name}.jwt")  # noqa: PTH116 (half as dear)
        except (FileNotFoundError, NotADirectoryError):
            continue
        found[name] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return found


@dataclass(slots=True, kw_only=True)
class Follower:
    """What the server was last given, and how to give it more.

    ``signer`` signs deletions; where the operator's keys are elsewhere it is None, and
    an account that is gone from the folder stays on the server. ``sign_anew`` signs the
    document of an account again, which ends what is over in it.
    """

    accounts: Path
    operator: Claims[Operator]
    resolver: Resolver
    signer: KeyPair | None
    sign_anew: Callable[[str], None]
    tell: Tell
    now: Callable[[], int]
    _given: dict[str, Stamp]  # what the server has heard of, taken or refused
    _doubted: dict[str, Stamp]  # read once, and not fit: perhaps only half written
    _publics: dict[str, str]
    _ends: dict[str, int]  # when the next activation of an account is over
    _waits: dict[str, str]  # why what is over could not be ended yet, as it was told
    _missing: set[str]

    @classmethod
    def of(
        cls,
        accounts: Path,
        operator: Claims[Operator],
        resolver: Resolver,
        signer: KeyPair | None,
        sign_anew: Callable[[str], None],
        tell: Tell,
        now: Callable[[], int],
    ) -> Follower:
        return cls(
            accounts=accounts,
            operator=operator,
            resolver=resolver,
            signer=signer,
            sign_anew=sign_anew,
            tell=tell,
            now=now,
            _given={},
            _doubted={},
            _publics={},
            _ends={},
            _waits={},
            _missing=set(),
        )

    async def begin(self) -> None:
        """Give the server all that the folder has, and take from it all that is no more.

        While a document cannot be read nothing is taken: it may be that of any account.
        """
        await self.follow(first=True)
        if self._doubted or not self._publics:
            return
        held = set[str]().union(*(await self.resolver.list_accounts()).values())
        gone = held - set(self._publics.values()) - {self.operator.nats.system_account}
        await self._delete({public: public for public in gone})

    async def while_connected(self) -> None:
        """Follow until the connection is closed for good."""
        while not self.resolver.closed:
            await asyncio.sleep(POLL_S)
            with suppress(NetworkError):  # the server is looked after elsewhere; try again
                await self.follow()

    async def follow(self, *, first: bool = False) -> None:
        """One look at the folder, and all that follows from it. At the ``first`` one
        everything is new, and only what is refused is told."""
        try:
            seen = stamps(self.accounts)
        except FileNotFoundError:
            return  # the folder is away as a whole: moved, or unmounted; its accounts are not
        documents: dict[str, Document[Account]] = {}
        for name, stamp in seen.items():
            if self._given.get(name) == stamp:
                continue
            try:
                documents[name] = self._read(name)
            except (JetshareError, OSError, UnicodeDecodeError) as error:
                self._doubt(name, stamp, error)
        heard = await self._push(documents, first=first)
        self._given.update((name, seen[name]) for name in heard)
        await self._forget(seen)
        await self._end_what_is_over()

    def _doubt(self, name: str, stamp: Stamp, error: Exception) -> None:
        """nsc does not write at once: only what is no better at the next look is refused."""
        if self._doubted.get(name) != stamp:
            self._doubted[name] = stamp
            return
        del self._doubted[name]
        self._given[name] = stamp
        self.tell(Event(step=Step.REFUSED, account=name, reason=str(error)))

    def _read(self, name: str) -> Document[Account]:
        """A document that the server may have; it would take worse."""
        text = (self.accounts / name / f"{name}.jwt").read_text("ascii").strip()
        document = jwt.decode(text, Account)
        claims, keys = document.claims, (self.operator.sub, *self.operator.nats.signing_keys)
        if claims.iss not in keys:
            raise WrongIssuer(f"signed by {claims.iss}, which is no key of {self.operator.name}")
        for found in validate(claims, self.now()):
            if found.severity == "error":
                raise MalformedToken(f"{found.text} ({found.path})" if found.path else found.text)
        return document

    async def _push(self, documents: Mapping[str, Document[Account]], *, first: bool) -> list[str]:
        """The names of those that the server has heard of; the others are tried again."""
        if not documents:
            return []
        now = self.now()  # before the server looks: what ends meanwhile is signed anew in vain
        answers = await self.resolver.push_many([d.token for d in documents.values()])
        refused = {a.account: a for a in answers if not a.ok}
        heard = []
        for name, document in documents.items():
            public = document.claims.sub
            self._publics[name] = public
            answer = refused.get(public)
            if answer is None:
                if not first:
                    self.tell(Event(step=Step.TAKEN, account=name))
            elif answer.code == SILENT:
                continue
            else:
                self.tell(Event(step=Step.REFUSED, account=name, reason=answer.message))
            heard.append(name)
            self._ends[name] = next_end(document.claims, now)
        return heard

    async def _end_what_is_over(self) -> None:
        """The document that is signed anew is taken at the next look at the folder."""
        for name in [name for name, at in self._ends.items() if 0 < at <= self.now()]:
            try:
                await asyncio.to_thread(self.sign_anew, name)  # the store may be locked for long
            except (KeyNotHeld, StoreReadOnly) as error:  # which does not pass by waiting
                reason = f"an activation is over, and the server goes on with it: {error}"
                self.tell(Event(step=Step.STILL_OPEN, account=name, reason=reason))
            except NotFound:
                continue  # it was taken away a moment ago, which the next look finds
            except JetshareError as error:  # such as an edit that goes on for long: look again
                self._tell_why_it_waits(name, error)
                continue
            else:
                reason = "an activation is over: signed anew, so that the server ends it"
                self.tell(Event(step=Step.EXPIRED, account=name, reason=reason))
            del self._ends[name]
            self._waits.pop(name, None)

    def _tell_why_it_waits(self, name: str, error: JetshareError) -> None:
        """Once, and not at every look."""
        if self._waits.get(name) != str(error):
            self._waits[name] = str(error)
            reason = f"an activation is over, and is ended as soon as that can be stored: {error}"
            self.tell(Event(step=Step.STILL_OPEN, account=name, reason=reason))

    async def _forget(self, seen: Mapping[str, Stamp]) -> None:
        """Delete what was missing at two looks in a row: one may fall into a replacement."""
        missing = self._given.keys() - seen.keys()
        gone = missing & self._missing
        self._missing = missing - gone
        doomed: dict[str, str] = {}
        for name in gone:
            del self._given[name]
            self._ends.pop(name, None)
            public = self._publics.pop(name, "")
            if public and public not in self._publics.values():  # not merely renamed
                doomed[public] = name
        await self._delete(doomed)

    async def _delete(self, names: Mapping[str, str]) -> None:
        """Delete accounts, by public key, from the server."""
        if not names or self.signer is None:
            return
        claims = Claims(
            name="delete",
            sub=self.signer.public,
            nats=Generic(data={"accounts": list(names), "type": "generic"}),
        )
        answers = await self.resolver.delete(jwt.encode(claims, self.signer, self.now()).token)
        reason = next((answer.message for answer in answers if not answer.ok), "")
        for name in names.values():
            step = Step.REFUSED if reason else Step.DELETED
            self.tell(Event(step=step, account=name, reason=reason))
