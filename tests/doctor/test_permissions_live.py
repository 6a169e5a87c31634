"""What the doctor holds a user's permissions for is what a server lets through."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Claims,
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.server.run import Server
from jetshare.sharing.rules.permissions import Need, Rights, may_publish, may_subscribe, rights_of
from support.servers import Realm, serving

WORDS = ("a", "b", "*", "{{name()}}", "{{account-name()}}", "{{tag(t)}}", "{{account-tag(t)}}",
         "{{tag(none)}}", "{{ TAG(t) }}", "x{{Tag(t)}}", "{{subject()}}")  # fmt: skip
NO_VALUE = {"{{tag(none)}}", "{{ TAG(t) }}", "x{{Tag(t)}}"}
TOKENS = ("a", "b", "bob", "acme", "t1", "t2", "u1", "xt1")
PUBLISHED = (*TOKENS, *(f"{one}.{two}" for one in TOKENS for two in TOKENS))
SUBSCRIBED = (*PUBLISHED, *(f"{one}.{wild}" for one in TOKENS for wild in "*>"))
USERS = 120


def some_subject(draw: random.Random, words: Iterable[str]) -> str:
    parts = draw.choices(tuple(words), k=draw.choice((1, 2, 2)))
    return ".".join([*parts, ">"] if draw.random() < 0.2 else parts)


def some_list(draw: random.Random, words: Iterable[str], *, queues: bool) -> tuple[str, ...]:
    known = tuple(words)
    listed = [some_subject(draw, known) for _ in range(draw.choice((0, 1, 1, 2, 3)))]
    named = [f"{each} q" if queues and draw.random() < 0.15 else each for each in listed]
    return tuple(dict.fromkeys(named))


def some_permissions(draw: random.Random, words: tuple[str, ...]) -> Permissions:
    """Denials have fewer templates of which nothing comes, since each keeps the user out."""
    allow, deny = words, words if draw.random() < 0.2 else sorted(set(words) - NO_VALUE)
    resp = ResponsePermission(max=1) if draw.random() < 0.1 else None
    return Permissions(
        pub=Permission(
            allow=some_list(draw, allow, queues=False), deny=some_list(draw, deny, queues=False)
        ),
        sub=Permission(
            allow=some_list(draw, allow, queues=True), deny=some_list(draw, deny, queues=True)
        ),
        resp=resp,
    )


async def refused_by(server: Server, creds: Creds) -> set[str] | None:
    """What the server refuses this user, as ``pub a.b`` and ``sub a.*``; None for all of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        return await _refused(reader, writer, creds)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    finally:
        writer.close()


async def _refused(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, creds: Creds
) -> set[str]:
    nonce = json.loads((await reader.readline()).removeprefix(b"INFO "))["nonce"]
    signature = base64.b64encode(creds.key.sign(nonce.encode())).decode()
    words = {"jwt": creds.jwt, "sig": signature, "verbose": False, "protocol": 1}
    writer.write(f"CONNECT {json.dumps(words)}\r\nPING\r\n".encode())
    await reader.readuntil(b"PONG\r\n")
    asked = [f"PUB {subject} 0\r\n\r\n" for subject in PUBLISHED]
    asked += [f"SUB {subject} {number}\r\n" for number, subject in enumerate(SUBSCRIBED)]
    writer.write("".join([*asked, "PING\r\n"]).encode())
    said = (await reader.readuntil(b"PONG\r\n")).decode()
    found = re.findall(r'for (Publish|Subscription) to "([^"]+)"', said)
    return {f"{verb[:3].lower()} {subject}" for verb, subject in found}


def judged(rights: Rights) -> set[str] | None:
    """The same as the doctor has it."""
    if rights.refused:
        return None
    published = [Need(subject=subject, entry=subject) for subject in PUBLISHED]
    subscribed = [Need(subject=subject, entry=subject) for subject in SUBSCRIBED]
    return {f"pub {need.subject}" for need in published if not may_publish(rights, need)} | {
        f"sub {need.subject}" for need in subscribed if not may_subscribe(rights, need)
    }


async def test_what_a_user_may_is_what_a_server_lets_through(tmp_path: Path) -> None:
    draw = random.Random(601)
    realm = Realm()
    signers = [KeyPair.generate(Kind.ACCOUNT) for _ in range(USERS)]
    written = [some_permissions(draw, WORDS) for _ in range(USERS)]
    scopes = tuple(
        UserScope(
            key=signer.public,
            role=f"r{number}",
            template=UserPermissionLimits(pub=each.pub, sub=each.sub, resp=each.resp),
        )
        for number, (signer, each) in enumerate(zip(signers, written, strict=True))
    )
    default = some_permissions(draw, ("a", "b", "*", "bob"))
    account = realm.account(
        "acme", Account(signing_keys=scopes, tags=("t:u1",), default_permissions=default)
    )
    expected, seen = [], []
    async with serving(realm, tmp_path, [account]) as server:
        for signer in signers:
            pair = KeyPair.generate(Kind.USER)
            tags = ("t:t1", "t:t2", "other:a")[: draw.choice((1, 2, 3))]
            body = User.scoped(account.public, tags=tags)
            document = jwt.encode(Claims(name="bob", sub=pair.public, nats=body), signer, 1)
            expected.append(judged(rights_of(account.document.claims, document.claims)))
            seen.append(await refused_by(server, Creds(jwt=document.token, key=pair)))
    wrong = [each for each in zip(written, expected, seen, strict=True) if each[1] != each[2]]
    assert wrong == []
    assert 0 < seen.count(None) < USERS / 2
    assert len({frozenset(each) for each in seen if each is not None}) > USERS / 4
