"""What an importer hears on a server: that the share works and no more does, or that it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jetshare.errors import InputError, JetshareError, KeyNotHeld, NetworkError, NotFound
from jetshare.identity.claims import Account, Import
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.net.probe import Heard
from jetshare.sharing.found import Accepted, Offered, local_subject
from jetshare.sharing.kinds import API_PREFIX, STREAM, PullConsumer, Role
from jetshare.sharing.proof import Proof, Side
from jetshare.store.contract import Store
from jetshare.workflows.in_force import ACK_REACHES, INFO_ANSWERS, NEXT_REACHES
from jetshare.workflows.reach import Reach, account_creds, host_of

if TYPE_CHECKING:
    from nats.aio.client import Client

    from jetshare.net.connect import Login

NOBODY = "JETSHARE-PROBE"  # a consumer that nobody has
_OVERHEARD = "not seen: silence, as on a subject of nobody: somebody may listen to everything"
_OWN_API = f"not seen: imported as {API_PREFIX} itself, where the account's own JetStream answers"
_PATIENCE_S, _BRIEFLY_S = 2.0, 0.5
_SECOND_FORM_SINCE = (2, 14)  # nats-server, feature_flags.go


async def works(client: Client, held: Accepted, offer: Offered | None) -> list[Proof]:
    """Each subject of the share arrives where it should."""
    from jetshare.net.connect import server_name

    server = server_name(client)
    proofs: list[Proof] = []

    def add(name: str, outcome: bool | None, seen: probe.Observation | str) -> None:
        text, took = (seen, 0.0) if isinstance(seen, str) else (seen.describe(), seen.took_ms)
        proofs.append(
            Proof(
                name=name,
                side=Side.IMPORTER,
                held=outcome,
                seen=text,
                server=server,
                took_ms=took,
            )
        )

    next_ = held.import_(Role.NEXT)
    if next_ is None:
        add(NEXT_REACHES, False, "NEXT is not imported")
    else:
        seen = await probe.next_reaches(client, local_subject(next_))
        reached = probe.is_pull_status(seen)
        add(NEXT_REACHES, reached, seen)
        if reached:
            add(*await _streams(client, local_subject(next_), offer))
    info = held.import_(Role.INFO)
    wants_acks = True
    if info is not None:
        seen = await probe.consumer_info(client, local_subject(info))
        error = probe.api_error(seen)
        answered = seen.heard is Heard.ANSWER and not error
        wants_acks = not probe.takes_no_acks(seen)
        add(INFO_ANSWERS, answered, error or ("the consumer's state" if answered else seen))
    ack = held.import_(Role.ACK)
    if not wants_acks:
        add(ACK_REACHES, None, "the consumer wants no acknowledgements")
        return proofs
    if ack is None:
        add(ACK_REACHES, False, "ACK is not imported: every message would be redelivered")
    else:
        seen = await probe.ack_reaches(client, local_subject(ack))
        answered = seen.heard is Heard.ANSWER
        if answered and (doubt := await _whose_answer(client, held.share)):
            add(ACK_REACHES, None, doubt)
        else:
            add(ACK_REACHES, answered, seen)
    second = held.import_(Role.ACK_V2)
    if second is not None:
        add("ACK reaches it in the second form", *await _second_form(client, second))
    return proofs


async def _second_form(client: Client, item: Import) -> tuple[bool | None, probe.Observation | str]:
    """Whether ``$JS.ACK.<domain>.<hash>.…`` arrives, on servers that listen to it.

    The provider's consumer may be in another JetStream domain than this server, so
    silence says nothing; that the import is valid is asked of the servers.
    """
    from jetshare.net.connect import server_domain

    version = client.connected_server_version
    if (version.major, version.minor) < _SECOND_FORM_SINCE:
        return None, "this server does not know it yet"
    domain = server_domain(client)
    seen = await probe.ack_reaches(client, local_subject(item), domain=domain)
    if seen.heard is Heard.ANSWER or seen.forbidden:
        return (None if seen.forbidden else True), seen
    return None, f"nothing listens in domain {domain or '_'}"


async def _streams(
    client: Client, subject: str, offer: Offered | None
) -> tuple[str, bool | None, probe.Observation | str]:
    name = "NEXT streams its replies"
    seen = await probe.next_streams(client, subject)
    if seen.replies > 1:
        return name, True, f"{seen.replies} replies to one pull"
    if seen.code in (400, 409):
        export = offer.export(Role.NEXT) if offer else None
        if export is not None and export.response_type != STREAM:
            return name, False, f"the export's response type is {export.response_type}"
        if seen.code == 400:  # by a consumer with priority groups (ADR-42)
            return name, None, f"a pull is refused at once: {seen.text}"
        return name, None, "messages are waiting, so a pull is answered at once"
    return name, False, f"{seen.replies} reply, then silence: the export is a Singleton"


async def reaches_no_more(client: Client, held: Accepted) -> list[Proof]:
    """The importer reaches nothing else of the provider's API under its prefix."""
    if not held.prefix:
        return []
    if held.prefix == API_PREFIX:
        return [_unseen("nothing else is in reach", _OWN_API, client)]
    share, prefix = held.share, held.prefix
    asked = (
        ("STREAM.DELETE", f"{prefix}.STREAM.DELETE.{share.stream}", probe.delete_is_refused),
        (
            "CONSUMER.DELETE",
            f"{prefix}.CONSUMER.DELETE.{share.stream}.{share.consumer}",
            probe.delete_is_refused,
        ),
        (
            "another consumer's NEXT",
            f"{prefix}.CONSUMER.MSG.NEXT.{share.stream}.{NOBODY}",
            probe.next_reaches,
        ),
        (
            "another consumer's INFO",
            f"{prefix}.CONSUMER.INFO.{share.stream}.{NOBODY}",
            probe.consumer_info,
        ),
    )
    overheard = await is_overheard(client, f"{prefix}.{NOBODY}")
    proofs = []
    for what, subject, request in asked:
        seen = await request(client, subject, _BRIEFLY_S if overheard else _PATIENCE_S)
        name = f"{what} is out of reach"
        unknown = overheard and seen.silent
        proofs.append(_unseen(name, _OVERHEARD, client) if unknown else refusal(name, seen, client))
    return proofs


async def refused_on_each_server(
    store: Store, importer: Document[Account], held: Accepted, reach: Reach, now: int
) -> list[Proof]:
    """That the share is refused wherever its importer asks; nothing where nobody can ask for it.

    A server that is not reached is not seen, and no failure: what was done is done.
    """
    from jetshare.net.connect import connect

    name = importer.claims.name
    try:
        login = reach.login(store, account_creds(store, importer, reach, now))
    except (KeyNotHeld, NotFound, InputError):
        return []
    proofs = []
    for url in login.servers:
        try:
            async with connect(replace(login, servers=(url,))) as client:
                proofs.extend(await _share_is_refused(client, name, held))
        except JetshareError as error:
            proofs.append(
                Proof(
                    name=f"{name}: the share is refused",
                    side=Side.IMPORTER,
                    held=None,
                    seen=f"not seen: {error}",
                    server=host_of(url),
                )
            )
    return proofs


async def _share_is_refused(client: Client, importer: str, held: Accepted) -> list[Proof]:
    """Nothing listens to any subject of the share, as its importer has them."""
    proofs = []
    for role, seen, doubt in await _at_each_subject(client, held):
        name = f"{importer}: {role} is refused"
        proofs.append(_unseen(name, doubt, client) if doubt else refusal(name, seen, client))
    return proofs


async def heard_on_each_server(login: Login, held: Accepted) -> list[Heard]:
    """What answers at each subject of the share on each server; one that is not reached
    is silent, and so is one whose answer may be another's."""
    from jetshare.net.connect import connect

    heard: list[Heard] = []
    for url in login.servers:
        try:
            async with connect(replace(login, servers=(url,))) as client:
                for _, seen, doubt in await _at_each_subject(client, held):
                    heard.append(Heard.SILENCE if doubt else seen.heard)
        except NetworkError:
            heard.append(Heard.SILENCE)
    return heard


async def _at_each_subject(
    client: Client, held: Accepted
) -> list[tuple[Role, probe.Observation, str]]:
    """What is heard at each subject, and why that may say nothing of the provider."""
    found: list[tuple[Role, probe.Observation, str]] = []
    api = held.import_(Role.NEXT) or held.import_(Role.INFO)
    nobodys = f"{local_subject(api).rpartition('.')[0]}.{NOBODY}" if api else NOBODY
    overheard = await is_overheard(client, nobodys)
    for role, item in held.imports:
        if role is Role.ACK_V2:
            continue  # a server that does not know this form was silent before, too
        ask = probe.ack_reaches if role is Role.ACK else probe.next_reaches
        patience_s = _BRIEFLY_S if overheard else _PATIENCE_S
        seen = await ask(client, local_subject(item), timeout_s=patience_s)
        doubt = ""
        if role is Role.ACK and seen.heard is Heard.ANSWER:
            doubt = await _whose_answer(client, held.share)
        elif local_subject(item).startswith(API_PREFIX) and seen.heard is Heard.ANSWER:
            doubt = _OWN_API
        elif overheard and seen.silent:
            doubt = _OVERHEARD
        found.append((role, seen, doubt))
    return found


async def is_overheard(client: Client, subject: str) -> bool:
    """Whether somebody listens even on a ``subject`` of nobody: then no request of the
    account meets nobody, and silence says nothing."""
    return (await probe.next_reaches(client, subject, _BRIEFLY_S)).silent


async def _whose_answer(client: Client, share: PullConsumer) -> str:
    """Why an acknowledgement may have been answered by another than the provider's
    consumer; empty where it was that one.

    Acknowledgements are imported under the very name that a consumer of the account's own
    has, so one of the same name answers to them as well.
    """
    own = await probe.consumer_info(client, share.info_subject())
    if own.forbidden:
        return f"not seen: a consumer of its own might answer, and the user may not {own.forbidden}"
    if probe.counts(own) is None:
        return ""
    return f"not seen: the account has a consumer {share} of its own, which answers as well"


def _unseen(name: str, why: str, client: Client) -> Proof:
    from jetshare.net.connect import server_name

    server = server_name(client)
    return Proof(name=name, side=Side.IMPORTER, held=None, seen=why, server=server)


def refusal(
    name: str, seen: probe.Observation, client: Client, *, side: Side = Side.IMPORTER, who: str = ""
) -> Proof:
    """That nothing listens: 503, and neither an answer nor silence. ``who`` heard it.

    Where the user may not even ask, the share was not seen from there.
    """
    from jetshare.net.connect import server_name

    return Proof(
        name=name,
        side=side,
        held=None if seen.forbidden else seen.heard is Heard.NO_RESPONDERS,
        seen=f"{who}: {seen.describe()}" if who else seen.describe(),
        server=server_name(client),
        took_ms=seen.took_ms,
    )
