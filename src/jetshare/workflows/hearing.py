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
from jetshare.sharing.kinds import STREAM, Role
from jetshare.sharing.proof import Proof, Side
from jetshare.store.contract import Store
from jetshare.workflows.in_force import ACK_REACHES, INFO_ANSWERS, NEXT_REACHES
from jetshare.workflows.reach import Reach, account_creds, host_of

if TYPE_CHECKING:
    from nats.aio.client import Client

    from jetshare.net.connect import Login

_NOBODY = "JETSHARE-PROBE"  # a consumer that nobody has
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
        add(ACK_REACHES, seen.heard is Heard.ANSWER, seen)
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
    if seen.heard is Heard.ANSWER:
        return True, seen
    return None, f"nothing listens in domain {domain or '_'}"


async def _streams(
    client: Client, subject: str, offer: Offered | None
) -> tuple[str, bool | None, probe.Observation | str]:
    name = "NEXT streams its replies"
    seen = await probe.next_streams(client, subject)
    if seen.replies > 1:
        return name, True, f"{seen.replies} replies to one pull"
    if seen.code == 409:
        export = offer.export(Role.NEXT) if offer else None
        if export is not None and export.response_type != STREAM:
            return name, False, f"the export's response type is {export.response_type}"
        return name, None, "messages are waiting, so a pull is answered at once"
    return name, False, f"{seen.replies} reply, then silence: the export is a Singleton"


async def reaches_no_more(client: Client, held: Accepted) -> list[Proof]:
    """The importer reaches nothing else of the provider's API under its prefix."""
    if not held.prefix:
        return []
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
            f"{prefix}.CONSUMER.MSG.NEXT.{share.stream}.{_NOBODY}",
            probe.next_reaches,
        ),
        (
            "another consumer's INFO",
            f"{prefix}.CONSUMER.INFO.{share.stream}.{_NOBODY}",
            probe.consumer_info,
        ),
    )
    return [
        refusal(f"{what} is out of reach", await request(client, subject), client)
        for what, subject, request in asked
    ]


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
    return [
        refusal(f"{importer}: {role} is refused", seen, client)
        for role, seen in await _at_each_subject(client, held)
    ]


async def heard_on_each_server(login: Login, held: Accepted) -> list[Heard]:
    """What answers at each subject of the share on each server; one that is not reached
    is silent."""
    from jetshare.net.connect import connect

    heard: list[Heard] = []
    for url in login.servers:
        try:
            async with connect(replace(login, servers=(url,))) as client:
                heard.extend([seen.heard for _, seen in await _at_each_subject(client, held)])
        except NetworkError:
            heard.append(Heard.SILENCE)
    return heard


async def _at_each_subject(client: Client, held: Accepted) -> list[tuple[Role, probe.Observation]]:
    found: list[tuple[Role, probe.Observation]] = []
    for role, item in held.imports:
        if role is Role.ACK_V2:
            continue  # a server that does not know this form was silent before, too
        ask = probe.ack_reaches if role is Role.ACK else probe.next_reaches
        found.append((role, await ask(client, local_subject(item))))
    return found


def refusal(
    name: str, seen: probe.Observation, client: Client, *, side: Side = Side.IMPORTER, who: str = ""
) -> Proof:
    """That nothing listens: 503, and neither an answer nor silence. ``who`` heard it."""
    from jetshare.net.connect import server_name

    return Proof(
        name=name,
        side=side,
        held=seen.heard is Heard.NO_RESPONDERS,
        seen=f"{who}: {seen.describe()}" if who else seen.describe(),
        server=server_name(client),
        took_ms=seen.took_ms,
    )
