"""What the provider's own side says of a consumer that is to be shared."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from jetshare.errors import InputError, KeyNotHeld, NetworkError, NotFound
from jetshare.net import probe
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, account_creds


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """``domain`` is the provider's JetStream domain, empty where it has none or was not seen."""

    domain: str = ""
    warnings: tuple[str, ...] = ()


async def look_at_consumer(
    store: Store, provider: str, share: PullConsumer, reach: Reach, now: int
) -> Seen:
    """Ask for the consumer as its owner. What cannot be seen is no reason to refuse a grant."""
    from jetshare.net.connect import connect, server_domain

    account = store.account(provider)
    try:
        own = replace(reach, creds_named=False)
        login = own.login(store, account_creds(store, account, own, now))
        async with connect(login) as client:
            answer = await probe.consumer_info(client, share.info_subject())
            return Seen(domain=server_domain(client), warnings=_warnings(answer, share))
    except (KeyNotHeld, NotFound, InputError, NetworkError):
        return Seen()


def _warnings(answer: probe.Observation, share: PullConsumer) -> tuple[str, ...]:
    error = probe.api_error(answer)
    if error.startswith("404"):
        return (f"{share} is not there yet; the grant works once it is made",)
    if error or answer.heard is not probe.Heard.ANSWER:
        return (f"{share} could not be looked at: {error or answer.describe()}",)
    config = json.loads(answer.body).get("config", {})
    if config.get("deliver_subject"):
        return (f"{share} is a push consumer: nothing can be pulled from it",)
    if not config.get("durable_name"):
        return (f"{share} is not durable: it goes when nobody pulls",)
    if config.get("ack_policy") == "none":
        return (f"{share} wants no acknowledgements: a message that is lost is lost",)
    return ()
