"""The flags that say what users may do, and what to say of them.

They are the same for users, for the roles of signing keys, and (permissions alone) for
the default of an account.
"""

from __future__ import annotations

from jetshare.cli.nsc import values
from jetshare.cli.nsc.flags import Flag, Words, duration, number, several, size, switch, text
from jetshare.cli.nsc.report import Line, ok, warning
from jetshare.editing.permissions import PermissionChange
from jetshare.editing.users import UserChange
from jetshare.errors import InputError
from jetshare.identity.claims import Permissions, TimeRange, User, UserPermissionLimits

CONNECTION_TYPES = (
    "STANDARD",
    "WEBSOCKET",
    "LEAFNODE",
    "LEAFNODE_WS",
    "MQTT",
    "MQTT_WS",
    "IN_PROCESS",
)

PERMISSIONS = (
    several("allow-pub", "", "Subjects that may be published to.", "SUBJECT,…"),
    several("allow-sub", "", "Subjects that may be subscribed to.", "SUBJECT,…"),
    several("allow-pubsub", "", "Both.", "SUBJECT,…"),
    several("deny-pub", "", "Subjects that may not be published to.", "SUBJECT,…"),
    several("deny-sub", "", "Subjects that may not be subscribed to.", "SUBJECT,…"),
    several("deny-pubsub", "", "Both.", "SUBJECT,…"),
    number("allow-pub-response", "", "How many replies to a message are allowed.", implied="1"),
    Flag(name="max-responses", convert=values.number, hidden=True),
    duration("response-ttl", "How long replies are allowed. [no limit]"),
)
RM_PERMISSIONS = (
    several("rm", "", "Take subjects out of all permissions.", "SUBJECT,…"),
    switch("rm-response-perms", "", "Take away the permission to reply."),
)
SOURCE_NETWORK = several("source-network", "", "Networks to connect from.", "CIDR,…")
LIMITS = (
    several("time", "", "Hours of the day in which to connect.", "hh:mm:ss-hh:mm:ss"),
    several("rm-time", "", "Take hours away, by when they begin.", "hh:mm:ss"),
    text("locale", "", "Time zone of the hours.", "ZONE"),
    SOURCE_NETWORK,
    several("rm-source-network", "", "Take networks away.", "CIDR,…"),
    several("conn-type", "", f"Connections: {' '.join(CONNECTION_TYPES)}.", "TYPE,…"),
    several("rm-conn-type", "", "Take types of connections away.", "TYPE,…"),
    number("subs", "", "Most subscriptions; -1 is no limit."),
    size("data", "Most bytes; -1 is no limit."),
    size("payload", "Most bytes of a message; -1 is no limit."),
    switch("bearer", "", "Connect with the token alone, without its key."),
)


def read_permissions(words: Words) -> PermissionChange:
    both, neither = words.list("allow-pubsub"), words.list("deny-pubsub")
    answers = words.number("allow-pub-response")
    change = PermissionChange(
        allow_pub=words.list("allow-pub") + both,
        allow_sub=words.list("allow-sub") + both,
        deny_pub=words.list("deny-pub") + neither,
        deny_sub=words.list("deny-sub") + neither,
        remove=words.list("rm"),
        max_responses=words.number("max-responses") if answers is None else answers,
        response_ttl=words.number("response-ttl"),
        no_responses=words.on("rm-response-perms"),
    )
    for subject in (*change.allow_pub, *change.deny_pub):
        if " " in subject:
            raise InputError(f'publish permission subject "{subject}" contains illegal space')
    for subject in (*change.allow_sub, *change.deny_sub):
        if subject.count(" ") > 1:
            raise InputError(
                f'subscribe permission subject "{subject}" can at most contain one space',
                hint="the space stands between a subject and a queue",
            )
    return change


def permission_lines(
    change: PermissionChange, held: Permissions | User | UserPermissionLimits
) -> list[Line]:
    """What ``change`` does to ``held``."""
    lines = []
    if change.no_responses:
        lines.append(ok("removed response permissions"))
    if change.max_responses is not None:
        lines.append(ok(f"set max responses to {change.max_responses}"))
    if change.response_ttl is not None:
        lines.append(ok(f"set response ttl to {values.show_duration(change.response_ttl)}"))
    for what, added, before in (
        ("pub", change.allow_pub, held.pub.allow),
        ("deny pub", change.deny_pub, held.pub.deny),
        ("sub", change.allow_sub, held.sub.allow),
        ("deny sub", change.deny_sub, held.sub.deny),
    ):
        lines += [ok(f'added {what} "{subject}"') for subject in added]
        lines += [ok(f'removed {what} "{each}"') for each in change.remove if each in before]
    known = {*held.pub.allow, *held.pub.deny, *held.sub.allow, *held.sub.deny}
    lines += [
        warning(f'"{subject}" was in no permission')
        for subject in change.remove
        if subject not in known
    ]
    return lines


def read_user(words: Words) -> UserChange:
    return UserChange(
        permissions=read_permissions(words),
        bearer=words.switch("bearer"),
        subs=words.number("subs"),
        data=words.number("data"),
        payload=words.number("payload"),
        locale=_zone(words.text_or_none("locale")),
        add_times=tuple(map(_hours, words.list("time"))),
        remove_times=words.list("rm-time"),
        add_networks=words.list("source-network"),
        remove_networks=words.list("rm-source-network"),
        add_connections=tuple(map(_connection, words.list("conn-type"))),
        remove_connections=tuple(map(_connection, words.list("rm-conn-type"))),
    )


def _hours(text: str) -> TimeRange:
    start, sign, end = text.partition("-")
    if not sign:
        raise InputError(f'"{text}" are no hours', hint="write hh:mm:ss-hh:mm:ss")
    return TimeRange(start=start, end=end)


def _zone(name: str | None) -> str | None:
    if not name:
        return name
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise InputError(f"unknown time zone {name}", hint="for example Europe/Berlin") from None


def _connection(text: str) -> str:
    if text.upper() not in CONNECTION_TYPES:
        raise InputError(
            f"unknown connection type {text}", hint=f"there are: {', '.join(CONNECTION_TYPES)}"
        )
    return text.upper()


def user_lines(change: UserChange, held: User | UserPermissionLimits) -> list[Line]:
    lines = []
    for what, number_ in (
        ("max payload", change.payload),
        ("max data", change.data),
        ("max number of subs", change.subs),
    ):
        if number_ is not None:
            lines.append(ok(f"changed {what} to {number_}"))
    if change.bearer is not None:
        shown = str(change.bearer).lower()
        same = change.bearer == held.bearer_token
        said = f"ignoring change to bearer - value is already {shown}"
        lines.append(ok(said if same else f"changed bearer to {shown}"))
    if change.locale is not None:
        lines.append(ok(f"changed locale to {change.locale}"))
    lines += [ok(f"added connection type {each}") for each in change.add_connections]
    lines += [ok(f"removed connection type {each}") for each in change.remove_connections]
    lines += [ok(f"added src network {each}") for each in change.add_networks]
    lines += [ok(f"removed src network {each}") for each in change.remove_networks]
    lines += [ok(f"added time range {each.start}-{each.end}") for each in change.add_times]
    lines += [ok(f"removed time range from {each}") for each in change.remove_times]
    return [*lines, *permission_lines(change.permissions, held)]
