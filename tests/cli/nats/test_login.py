"""Who one is: each way to log in, by flags, by the environment and out of a context."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.nkeys import KeyPair, Kind
from support.nats_face import Nats
from support.plain_server import plain_server
from support.servers import Realm

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Way:
    """``right`` are the flags that the server at ``url`` takes, ``wrong`` ones that it refuses."""

    url: str
    right: Mapping[str, str]
    wrong: Mapping[str, str]

    @property
    def server(self) -> Words:
        return ("--server", self.url)


def flags(login: Mapping[str, str]) -> Words:
    return tuple(word for name, value in login.items() for word in (f"--{name}", value))


def variables(login: Mapping[str, str]) -> dict[str, str]:
    return {f"NATS_{name.upper()}": value for name, value in login.items()}


def published(nats: Nats, *words: str, env: Mapping[str, str] | None = None) -> bool:
    done = nats(*words, "pub", "subject", "x", env=env)
    if done.exit == 0:
        assert 'Published 1 bytes to "subject"' in done.stderr
        return True
    assert done.exit == 1, done
    assert done.stderr.startswith("nats: error: ")
    assert "refuse" in done.stderr
    return False


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Way]]:
    """Three servers on plain configurations, and one of an operator."""
    folder = tmp_path_factory.mktemp("login")
    nkeys = _seed_file(folder / "known.nk"), _seed_file(folder / "unknown.nk")
    realm, account = Realm(), KeyPair.generate(Kind.ACCOUNT)
    document = realm.sign(Claims(name="A", sub=account.public, nats=Account()))
    of_users = 'authorization { users: [ { user: "ann", password: "right" } ] }'
    of_jwts = f"""
        operator: {realm.document.token}
        system_account: {realm.system.public}
        resolver: MEMORY
        resolver_preload: {{
            {account.public}: {document.token}
            {realm.system.public}: {realm.system.token}
        }}
    """
    ours = _user(folder / "ours.nk", account)
    bearer = _user(folder / "bearer.nk", account, bearer=True)
    foreign = _user(folder / "foreign.nk", KeyPair.generate(Kind.ACCOUNT))
    with ExitStack() as stack:

        def serve(name: str, config: str) -> str:
            return stack.enter_context(plain_server(folder / name, config))

        users, tokens = serve("users", of_users), serve("token", 'authorization { token: "right" }')
        of_nkeys = f"authorization {{ users: [ {{ nkey: {nkeys[0].public} }} ] }}"
        operated = serve("jwts", of_jwts)
        yield {
            "user": Way(
                url=users,
                right={"user": "ann", "password": "right"},
                wrong={"user": "ann", "password": "wrong"},
            ),
            "token": Way(url=tokens, right={"token": "right"}, wrong={"token": "wrong"}),
            "user as a token": Way(url=tokens, right={"user": "right"}, wrong={"user": "wrong"}),
            "nkey": Way(
                url=serve("nkeys", of_nkeys),
                right={"nkey": str(folder / "known.nk")},
                wrong={"nkey": str(folder / "unknown.nk")},
            ),
            "jwt": Way(url=operated, right=ours, wrong=foreign),
            "jwt of a bearer": Way(url=operated, right=bearer, wrong=foreign),
        }


def _seed_file(path: Path) -> KeyPair:
    pair = KeyPair.generate(Kind.USER)
    path.write_text(pair.seed())
    path.chmod(0o600)
    return pair


def _user(path: Path, account: KeyPair, *, bearer: bool = False) -> dict[str, str]:
    """The seed goes by its file's name, as it should: a context keeps what it is given."""
    pair = _seed_file(path)
    claims = Claims(name="u", sub=pair.public, nats=User(bearer_token=bearer))
    token = jwt.encode(claims, account, int(time.time())).token
    return {"jwt": token, "seed": f"file://{path}"}


NAMES = ["user", "token", "user as a token", "nkey", "jwt", "jwt of a bearer"]


@pytest.fixture(params=NAMES)
def way(request: pytest.FixtureRequest, ways: Mapping[str, Way]) -> Way:
    name: str = request.param
    return ways[name]


def test_by_flags(offline: Nats, way: Way) -> None:
    assert published(offline, *way.server, *flags(way.right))
    assert not published(offline, *way.server, *flags(way.wrong))
    assert not published(offline, *way.server)


def test_by_the_environment(offline: Nats, way: Way) -> None:
    url = {"NATS_URL": way.url}
    assert published(offline, env=url | variables(way.right))
    assert not published(offline, env=url | variables(way.wrong))


def test_out_of_a_context(offline: Nats, way: Way) -> None:
    offline.ok("ctx", "add", "right", *way.server, *flags(way.right))
    offline.ok("ctx", "add", "wrong", *way.server, *flags(way.wrong))
    assert published(offline, "--context", "right")
    assert published(offline, env={"NATS_CONTEXT": "right"})
    assert not published(offline, "--context", "wrong")


def test_a_flag_goes_before_the_environment_and_that_before_the_context(
    offline: Nats, way: Way
) -> None:
    offline.ok("ctx", "add", "right", *way.server, *flags(way.right))
    offline.ok("ctx", "add", "wrong", *way.server, *flags(way.wrong))
    right, wrong = ("--context", "right"), ("--context", "wrong")
    assert published(offline, *wrong, env=variables(way.right))
    assert not published(offline, *right, env=variables(way.wrong))
    assert published(offline, *wrong, *flags(way.right), env=variables(way.wrong))
    assert not published(offline, *right, *flags(way.wrong), env=variables(way.right))


def test_one_way_takes_the_place_of_another(offline: Nats, ways: Mapping[str, Way]) -> None:
    """A flag, and the environment, leave out what the layers below say of who one is."""
    by_user, by_jwt = ways["user"], ways["jwt"]
    offline.ok("ctx", "add", "c", "--server", by_jwt.url, *flags(by_user.right))
    assert published(offline, "--context", "c", *flags(by_jwt.right))
    assert published(offline, "--context", "c", env=variables(by_jwt.right))
    assert published(offline, "--context", "c", *flags(by_jwt.right), env=variables(by_user.right))


def test_a_jwt_without_its_seed(offline: Nats, ways: Mapping[str, Way]) -> None:
    way = ways["jwt"]
    done = offline(*way.server, "--jwt", way.right["jwt"], "pub", "subject", "x")
    assert (done.exit, done.stdout) == (2, "")
    assert "a user JWT needs its seed" in done.stderr
