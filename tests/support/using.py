"""Each of the right shapes in use: what it is shared for, done by a client of the importer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from jetshare.sharing.kinds import PullConsumer
from support.waiting import until
from support.ward import PREFIX, Ward

Use = Callable[[Ward], Awaitable[bool]]
"""Whether what was asked for came, and what was acknowledged was counted."""

_BODY = b"1.95"
_WITHIN_S = 3
_BUCKETS: tuple[dict[str, Any], ...] = (
    {"name": "KV_B", "subjects": ["$KV.B.>"], "allow_direct": True, "max_msgs_per_subject": 1},
    {"name": "OBJ_B", "subjects": ["$O.B.C.>", "$O.B.M.>"], "allow_direct": True},
)


async def make_streams(made: Ward) -> None:
    """The bucket with a key and the object store with an object, both of the provider."""
    for config in _BUCKETS:
        await made.live.api(f"STREAM.CREATE.{config['name']}", config)
    async with made.live.speaking_as("ACCTC") as owner:
        for subject in ("$KV.B.apples", "$O.B.M.apples", "$O.B.C.one"):
            await owner.request(subject, _BODY)


async def pushed(made: Ward, *, acknowledged: bool = True) -> bool:
    async with made.importer() as client:
        heard = await client.subscribe("deliver.S.C")
        await client.flush()
        await _publish(made)
        message = await heard.next_msg(timeout=_WITHIN_S)
        if not acknowledged:
            return message.data == _BODY
        return await _counted(made, client, message, "C")


async def pushed_without_acknowledgements(made: Ward) -> bool:
    return await pushed(made, acknowledged=False)


async def pulled(made: Ward, consumer: str = "C") -> bool:
    await _publish(made)
    async with made.importer() as client:
        inbox = client.new_inbox()
        heard = await client.subscribe(inbox)
        await client.publish(f"{PREFIX}.CONSUMER.MSG.NEXT.S.{consumer}", b"1", reply=inbox)
        message = await heard.next_msg(timeout=_WITHIN_S)
        return await _counted(made, client, message, consumer)


async def pulled_from_its_own(made: Ward) -> bool:
    config = {"name": "OWN", "filter_subject": "orders.>", "ack_policy": "explicit"}
    async with made.importer() as client:
        await _asked(client, "CONSUMER.CREATE.S.OWN.orders.>", _consumer("S", config))
        came = await pulled(made, "OWN")
        await _asked(client, "CONSUMER.DELETE.S.OWN")
    return came


async def got(made: Ward) -> bool:
    async with made.importer() as client:
        bucket = await client.jetstream(prefix=PREFIX).key_value("B")
        return (await bucket.get("apples")).value == _BODY


async def put(made: Ward) -> bool:
    async with made.importer() as client:
        bucket = await client.jetstream(prefix=PREFIX).key_value("B")
        await bucket.put("pears", b"2.95")
        return (await bucket.get("pears")).value == b"2.95"


async def watched(made: Ward) -> bool:
    return await got(made) and await _delivered(made, "KV_B", "$KV.B.>")


async def object_got(made: Ward) -> bool:
    async with made.importer() as client:
        await _asked(client, "STREAM.INFO.OBJ_B")
        meta = await client.request(f"{PREFIX}.DIRECT.GET.OBJ_B.$O.B.M.apples", timeout=_WITHIN_S)
    return meta.data == _BODY and await _delivered(made, "OBJ_B", "$O.B.C.>")


async def mirrored(made: Ward) -> bool:
    return await _copied(made, "KV_B", {"mirror": _external("KV_B")})


async def copied(made: Ward) -> bool:
    await _publish(made)
    return await _copied(made, "S", {"sources": [_external("S")]})


async def copied_in_part(made: Ward) -> bool:
    await _publish(made)
    return await _copied(made, "S", {"sources": [{**_external("S"), "filter_subject": "orders.>"}]})


async def message_got(made: Ward) -> bool:
    await _publish(made)
    async with made.importer() as client:
        direct = await client.request(f"{PREFIX}.DIRECT.GET.S", b'{"seq":1}', timeout=_WITHIN_S)
        stored = await _asked(client, "STREAM.MSG.GET.S", {"seq": 1})
    return direct.data == _BODY and stored["message"]["subject"] == "orders.one"


async def served(made: Ward) -> bool:
    async def answer(message: Msg) -> None:
        await message.respond(b"placed")

    elsewhere = {"name": "S", "subjects": ["other"], "allow_direct": True}
    await made.live.api("STREAM.UPDATE.S", elsewhere)  # it would answer at orders.> too
    async with made.live.speaking_as("ACCTC") as owner, made.importer() as client:
        await owner.subscribe("orders.place", cb=answer)
        await owner.flush()
        return (await client.request("shop.place", timeout=_WITHIN_S)).data == b"placed"


async def heard(made: Ward) -> bool:
    async with made.importer() as client:
        listening = await client.subscribe("shop.orders.>")
        await client.flush()
        await _publish(made)
        return (await listening.next_msg(timeout=_WITHIN_S)).data == _BODY


USES: tuple[Use, ...] = (
    pushed,
    pulled_from_its_own,
    got,
    watched,
    put,
    object_got,
    mirrored,
    pushed_without_acknowledgements,
    copied,
    copied_in_part,
    message_got,
    served,
    heard,
    pulled,
)
"""In the order of the shapes."""


async def _publish(made: Ward) -> None:
    async with made.live.speaking_as("ACCTC") as owner:
        await owner.request("orders.one", _BODY)


async def _counted(made: Ward, client: Client, message: Msg, consumer: str) -> bool:
    await message.ack()
    await client.flush()

    async def counted() -> bool:
        counts = await made.live.counts(PullConsumer("S", consumer))
        return bool(counts["ack_floor"]["consumer_seq"] == 1)

    return message.data == _BODY and await until(counted)


async def _delivered(made: Ward, stream: str, filtered: str) -> bool:
    """To an inbox of a client that was told which prefix to take, as a watch or a get has it."""
    async with made.importer(inbox_prefix="deliver") as client:
        inbox = client.new_inbox()
        listening = await client.subscribe(inbox)
        config = {"name": "W", "deliver_subject": inbox, "ack_policy": "none",
                  "filter_subject": filtered, "flow_control": True,
                  "idle_heartbeat": 1_000_000_000}  # fmt: skip
        await _asked(client, f"CONSUMER.CREATE.{stream}.W.{filtered}", _consumer(stream, config))
        return (await listening.next_msg(timeout=_WITHIN_S)).data == _BODY


async def _copied(made: Ward, stream: str, origin: dict[str, object]) -> bool:
    config = {"name": f"COPY_{stream}", **origin}
    await made.live.api(f"STREAM.CREATE.COPY_{stream}", config, account="ACCTB")

    async def came() -> bool:
        info = await made.live.api(f"STREAM.INFO.COPY_{stream}", account="ACCTB")
        return bool(info["state"]["messages"])

    await until(came)
    await made.live.api(f"STREAM.DELETE.COPY_{stream}", account="ACCTB")
    return True


def _external(stream: str) -> dict[str, object]:
    return {"name": stream, "external": {"api": PREFIX, "deliver": "deliver.copy"}}


def _consumer(stream: str, config: Mapping[str, object]) -> dict[str, object]:
    return {"stream_name": stream, "config": config}


async def _asked(client: Client, tail: str, body: object = None) -> Any:
    """A request to the API that is shared, which must succeed."""
    payload = b"" if body is None else json.dumps(body).encode()
    answer = json.loads((await client.request(f"{PREFIX}.{tail}", payload, timeout=_WITHIN_S)).data)
    assert "error" not in answer, answer
    return answer
