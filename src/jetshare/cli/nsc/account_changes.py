"""nsc edit account."""

from __future__ import annotations

from dataclasses import replace

from jetshare.cli.nsc.account_edits import change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, number, several, switch, text
from jetshare.cli.nsc.limit_words import LIMITS, apply_limits, limit_lines
from jetshare.cli.nsc.new_keys import read_signing_keys
from jetshare.cli.nsc.report import Line, ok, server, warning
from jetshare.cli.nsc.terms import RM_TAG, TAG, TIMES, terms_change, terms_lines
from jetshare.cli.nsc.user_words import (
    PERMISSIONS,
    RM_PERMISSIONS,
    permission_lines,
    read_permissions,
)
from jetshare.cli.nsc.world import World
from jetshare.editing import limits, signing_keys
from jetshare.editing.permissions import set_permissions
from jetshare.errors import InputError
from jetshare.identity import subjects
from jetshare.identity.claims import Account, Claims, MsgTrace
from jetshare.identity.nkeys import Kind


def edit(world: World, words: Words) -> list[Line]:
    options = [flag.name for flag in EDIT.flags if flag.name != "name"]
    if not words.has(*options, "private-key"):
        raise InputError("specify an edit option", hint="nsc edit account --help")
    account = world.account(words.name()).claims
    permissions = read_permissions(words)
    terms = terms_change(world, words)
    keys, made = read_signing_keys(world, words.list("sk"), Kind.ACCOUNT)
    system = world.store().operator().claims.nats.system_account == account.sub
    if words.on("disallow-bearer"):
        _check_no_bearer(world, account.name)

    def change(account: Claims[Account]) -> Claims[Account]:
        account = signing_keys.add_signing_keys(account, keys)
        account = signing_keys.remove_signing_keys(account, words.list("rm-sk"))
        account = apply_limits(terms(account), words)
        if system and limits.has_jetstream(account.nats.limits):
            limits.check_system_account(account)
        return _described(account, words).with_nats(
            default_permissions=set_permissions(account.nats.default_permissions, permissions)
        )

    edited, synced = change_account(world, account.name, change, keep_signer=True, new_keys=made)
    return [
        *(ok(f'added signing key "{public}"') for public in keys),
        *(ok(f'removed signing key "{public}"') for public in words.list("rm-sk")),
        *terms_lines(world, words),
        *limit_lines(words),
        *_description_lines(words),
        *permission_lines(permissions, account.nats.default_permissions),
        *_trace_lines(words),
        *synced,
        *(_server_changes(world, edited.after.claims) if synced else []),
        ok(f'edited account "{account.name}"'),
    ]


def _check_no_bearer(world: World, account: str) -> None:
    store = world.store()
    for name in store.users(account):
        if store.user(account, name).claims.nats.bearer_token:
            raise InputError(
                f'user "{name}" in account "{account}" uses bearer token'
                " (needs to be deleted/changed first)",
                hint=f"nsc edit user {name} --account {account} --bearer=false",
            )


def _described(account: Claims[Account], words: Words) -> Claims[Account]:
    held = account.nats
    trace = held.trace
    subject, sampling = (
        words.text_or_none("trace-context-subject"),
        words.number("trace-context-sampling"),
    )
    if subject is not None:
        trace = MsgTrace(dest=_trace_subject(subject)) if subject else None
    if sampling is not None:
        if trace is None:
            raise InputError(
                "trace-context-sampling requires a subject", hint="--trace-context-subject SUBJECT"
            )
        trace = replace(trace, sampling=sampling)
    traffic = words.switch("host-cluster-traffic")
    return account.with_nats(
        description=words.given.get("description", held.description),
        info_url=words.given.get("info-url", held.info_url),
        trace=trace,
        cluster_traffic=held.cluster_traffic if traffic is None else "owner" if traffic else "",
    )


def _trace_subject(subject: str) -> str:
    subjects.check(subject)
    if subjects.has_wildcards(subject):
        raise InputError(f'tracing subjects cannot contain wildcards: "{subject}"')
    return subject


def _description_lines(words: Words) -> list[Line]:
    lines = []
    if words.has("description"):
        lines.append(ok(f'changed description to "{words.text("description")}"'))
    if words.has("info-url"):
        lines.append(ok(f'changed info url to "{words.text("info-url")}"'))
    return lines


def _trace_lines(words: Words) -> list[Line]:
    lines = []
    subject, sampling = (
        words.text_or_none("trace-context-subject"),
        words.number("trace-context-sampling"),
    )
    if subject is not None:
        said = f'changed trace context subject to "{subject}"'
        lines.append(ok(said if subject else "disabled trace context"))
    if sampling is not None:
        lines.append(ok(f"changed trace context sampling to {sampling}%"))
    if words.has("host-cluster-traffic"):
        verb = "enabled" if words.on("host-cluster-traffic") else "disabled"
        lines.append(ok(f"{verb} routing of JetStream cluster traffic through this account"))
    return lines


def _server_changes(world: World, ours: Claims[Account]) -> list[Line]:
    """What the account server made of our document, where it gave back another one."""
    from jetshare.sharing.diff import changes

    theirs = world.store().account(ours.sub).claims
    found = changes(ours, theirs)
    if not found:
        return []
    said = [server(line) for change in found for line in change.lines()]
    return [warning("account server modifications", *said)]


EDIT = Command(
    run=edit,
    arguments=1,
    flags=(
        text("name", "n", "Name of the account.", "NAME"),
        TAG,
        RM_TAG,
        *TIMES,
        several("sk", "", "Add signing keys: public, a file, or generate.", "KEY,…"),
        several("rm-sk", "", "Remove signing keys.", "KEY,…"),
        *LIMITS,
        text("description", "", "What the account is for."),
        text("info-url", "", "Where to read more.", "URL"),
        text("trace-context-subject", "", 'Where traces go; "" ends them.', "SUBJECT"),
        number("trace-context-sampling", "", "Percent of the messages to trace. [100]"),
        switch("host-cluster-traffic", "", hidden=True),
        *PERMISSIONS,
        *RM_PERMISSIONS,
    ),
    example="nsc edit account ACCTC --js-disk-storage 1G --js-mem-storage 64M",
)
