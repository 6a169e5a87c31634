"""The flags of an account's limits."""

from __future__ import annotations

from jetshare.cli.nsc.flags import Words, number, size, switch
from jetshare.cli.nsc.report import Line, ok
from jetshare.editing import limits
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Claims

# flag: (field, what to say)
_PLAIN = {
    "conns": ("conn", "max connections to {}"),
    "leaf-conns": ("leaf", "leaf node connections to {}"),
    "data": ("data", "max data to {} bytes"),
    "exports": ("exports", "max exports to {}"),
    "wildcard-exports": ("wildcards", "wild card exports to {}"),
    "disallow-bearer": ("disallow_bearer", "disallow bearer to {}"),
    "imports": ("imports", "max imports to {}"),
    "payload": ("payload", "max payload size to {}"),
    "subscriptions": ("subs", "max subscriptions to {}"),
}
_JETSTREAM = {
    "js-streams": ("streams", "max streams to {}"),
    "js-consumer": ("consumer", "max consumer to {}"),
    "js-mem-storage": ("mem_storage", "max mem storage to {}"),
    "js-max-mem-stream": ("mem_max_stream_bytes", "max memory stream to {}"),
    "js-disk-storage": ("disk_storage", "max disk storage to {}"),
    "js-max-disk-stream": ("disk_max_stream_bytes", "max disk stream to {}"),
    "js-max-ack-pending": ("max_ack_pending", "max ack pending to {}"),
    "js-max-bytes-required": ("max_bytes_required", "max bytes required to {}"),
}
# Names that the flags had before.
_OLD = {"mem-storage", "disk-storage", "streams", "consumer"}

LIMITS = (
    size("conns", "Most connections; -1 is no limit."),
    size("leaf-conns", "Most leaf node connections; -1 is no limit."),
    size("data", "Most bytes; -1 is no limit."),
    size("exports", "Most exports; -1 is no limit."),
    size("imports", "Most imports; -1 is no limit."),
    size("payload", "Most bytes of a message; -1 is no limit."),
    size("subscriptions", "Most subscriptions; -1 is no limit."),
    switch("wildcard-exports", "", "Let exports have wildcards."),
    switch("disallow-bearer", "", "Let no user connect without its key."),
    number("js-tier", "", "The replication that the JetStream limits are for; 0 is all."),
    number("rm-js-tier", "", "Take away the limits of a tier; 0 those for all."),
    size("js-mem-storage", "JetStream: most memory; -1 is no limit, 0 none at all."),
    size("js-disk-storage", "JetStream: most disk; -1 is no limit, 0 none at all."),
    size("js-streams", "JetStream: most streams; -1 is no limit."),
    size("js-consumer", "JetStream: most consumers; -1 is no limit."),
    size("js-max-mem-stream", "JetStream: most bytes of a stream in memory."),
    size("js-max-disk-stream", "JetStream: most bytes of a stream on disk."),
    size("js-max-ack-pending", "JetStream: most acks pending of a consumer."),
    switch("js-max-bytes-required", "", "JetStream: streams must say their most bytes."),
    number("js-enable", "", "JetStream: unlimited storage for a tier; 0 is all."),
    switch("js-disable", "", "JetStream: take away all limits, and JetStream."),
    *(size(name, hidden=True) for name in sorted(_OLD)),
)


def apply_limits(account: Claims[Account], words: Words) -> Claims[Account]:
    """The account with the limits that were named. A limit that was not stays as it is."""
    plain = {field: words.given[flag] for flag, (field, _) in _PLAIN.items() if words.has(flag)}
    if plain:
        account = limits.set_limits(account, **plain)
    stored = {
        field: value
        for flag, (field, _) in _JETSTREAM.items()
        if (value := _jetstream_value(words, flag)) is not None
    }
    tier, gone, enabled = (words.number(f) for f in ("js-tier", "rm-js-tier", "js-enable"))
    _check_alone(words, bool(stored) or tier is not None)
    if words.on("js-disable"):
        return limits.disable_jetstream(account)
    if gone is not None:
        return limits.delete_tier(account, gone)
    if enabled is not None:
        return limits.enable_jetstream(account, enabled)
    return limits.set_jetstream(account, tier or limits.GLOBAL, **stored) if stored else account


def _check_alone(words: Words, others: bool) -> None:
    ways = [flag for flag in ("js-disable", "rm-js-tier", "js-enable") if words.has(flag)]
    if len(ways) > 1 or (ways and others):
        raise InputError(f"{ways[0]} is exclusive of all other js options")


def _jetstream_value(words: Words, flag: str) -> int | bool | None:
    value: int | bool | None = words.given.get(flag, words.given.get(flag.removeprefix("js-")))
    return value


def limit_lines(words: Words) -> list[Line]:
    lines = []
    for flag, (_, said) in _PLAIN.items():
        if words.has(flag):
            lines.append(ok(f"changed {said.format(_shown(words.given[flag]))}"))
    label = limits.tier_name(words.number("js-tier") or limits.GLOBAL)
    for flag, (_, said) in _JETSTREAM.items():
        value = _jetstream_value(words, flag)
        if value is not None:
            lines.append(ok(f"changed {label} {said.format(_shown(value))}"))
    for flag, said in (("rm-js-tier", "deleted"), ("js-enable", "enabled")):
        tier = words.number(flag)
        if tier is not None:
            what = f"tier limit {limits.tier_name(tier)}" if tier else "global limit"
            lines.append(ok(f"{said} {what}"))
    if words.on("js-disable"):
        lines.append(ok("deleted all JetStream limits"))
    return lines


def _shown(value: int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
