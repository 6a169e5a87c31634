"""The doctor's rules as pages of the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from jetshare.sharing.rules.rule import Rule

_GROUPS = {
    "1": "Exports",
    "2": "Imports",
    "3": "Tokens",
    "4": "Provider and importer together",
    "5": "Servers",
    "6": "Users",
    "7": "Consumers and streams",
}


_CURES = """\
A cure is given in jetshare's words and in those of nsc or nats; `jetshare doctor` fills the names
in. Where jetshare has no shorter one, its own is the other's with `jetshare` before it. What no
command does is said in words.

To change an export, nsc's commands take it out and add it anew with all that it has: its `edit
export` drops revocations and the token position, and a response type that stays
([compatibility](../compatibility.md)). Where nsc cannot keep all of an export, as where a service
and a stream have one subject, jetshare's cure alone is given."""

_SHOWN = """\
Each page says how its failure was made to happen on a real server: what a client of the importer
saw, and what it saw after the cure. The tests do so anew (`tests/doctor`); they run the commands
that the doctor printed, as they stand. Where the cure is no command, because it is a program's, a
newer server's or a matter of taste (JS402, JS503, JS704, JS706, JS709, JS710), the test
does what the page says. What takes minutes (JS708) is in `make test-slow`, and what needs an older
server (JS503) in `make test-matrix`.

[mutations.md](mutations.md) is the same the other way round: right shares with one or two things
changed, each tried on a server, and whether the doctor finds what does not work any more.

Of the servers' defects, two are no rule's:

- A consumer's RESET through a share (nats-io/nats-server#8396) gets no answer on 2.14.0, and one on
  2.15.1. No kind of share has it; exported by hand it is the owner's API (JS102).
- A reply subject that is written twice (#8089) goes on from #7579 of JS503 and is mended in 2.12.9
  and 2.14.0. Tried on 2.12.8, which has it: what a consumer delivers over a gateway is stored
  again, delivered again to a leaf node, and imported beside. All of it arrived."""

_UNSEEN = """\
- **Pulls in flight go deaf when the provider is pushed.** Tried: two pulls wait, one of them with
  heartbeats; the provider's description is changed and pushed; two messages are published. Both
  pulls hear nothing more, both messages are leased, and the next pull works. Nothing is left to
  see but leases (JS705 where they are all that may be), and they run out. Clients want an idle
  heartbeat, and pull again when two stay away; collect changes into one push.
- **A pull of over two minutes without a heartbeat.** Tried: the message that came late was leased
  and never heard. The request is the client's, and the doctor does not see it; JS708 notes the
  consumers that would let it wait so long.
- **A put that is never answered.** Tried with a key-value bucket: nats-py puts at
  `$KV.<bucket>.…` and nats.go under the prefix. Which of them the importer uses is in no document;
  JS216 notes shares in which one of the two gets no answer. Into an object store all put at
  `$O.<bucket>.…`; tried with nats-py, and there JS216 is a warning.
- **A watch that is silent.** Tried with `nats`, with nats-py and a share that has all that a watch
  needs: it is delivered to an inbox of the client, and the usual one is not imported. Which inboxes
  the importer's clients have is in no document; JS219 notes the prefix that they need, and
  `--consume` says that it has not seen it.
- **A pull without an expiry.** Tried: such pulls wait until their client disconnects, and then the
  server drops them. The request is the client's; JS704 sees them when they have piled up.
- **What else keeps a user of the importer out.** Looked at are its permissions to publish, to
  subscribe and to answer, wherever they are written (JS601, JS602), of users whose documents are
  at hand. Tried, and no rule's, since a server says so itself: another source network, other
  hours, connection types without the client's, a proxy that is required ("Authorization
  Violation"); room for one subscription, where a pull takes two ("maximum subscriptions
  exceeded"); payloads of less than a request (the connection is closed). An expired or revoked
  user, and a scoped one with permissions of its own, are not let in either. A bearer user is not
  kept from anything (JS210 tells what it gives away). Users of leaf nodes and of MQTT alone are
  passed over. The templates of a scoped signing key are filled in as servers do from 2.12 on; 2.10
  knows them as whole tokens only, and without blanks.
- **Users of shares without a consumer's name.** Of those who make consumers of their own, read
  a bucket or get messages directly, it is only seen whether some part is allowed of each subject
  that all of them publish on. What a user writes, plain services and streams are each
  user's duty or not. Sources and mirrors are the server's own, and no user's permissions count.
- **Pieces of another JetStream domain.** Tried: `$JS.hub.API.…` exported where no server is of the
  domain hub: 503. The documents do not say which domain servers are of; `--live` sees the 503
  (JS505, JS507, JS512).
- **NEXT left out beside a stream.** What is left is as a push consumer is shared; `--live` looks at
  the consumer (JS711).
- **A NATS stream taken for a JetStream stream.** Tried: its messages arrive, and asked for as a
  stream of JetStream it is not found. The export is right as it is; `jetshare doctor` names its
  kind, plain stream."""


def page(rule: Rule) -> str:
    """One rule, as Markdown."""
    parts = [
        f"# {rule.code}: {rule.title}",
        f"Severity: **{rule.severity}**." + (" Seen with `--live` only." if rule.live else ""),
        "## What you see",
        _wrap(rule.symptom),
        "## Why",
        _wrap(rule.cause),
    ]
    if rule.cure or rule.remedy:
        parts.append("## Cure")
    if rule.cure:
        parts.append(_commands(rule.cure))
    if rule.remedy:
        parts.append(_wrap(rule.remedy))
    if rule.nsc:
        parts += ["## Cure with nsc", _commands(rule.nsc)]
    parts += [
        "## How it was shown",
        _wrap(rule.shown),
        f"Source: {rule.source}.",
    ]
    return "\n\n".join(parts) + "\n"


def index_page(rules: Iterable[Rule]) -> str:
    """All rules, by group."""
    parts = [
        "# What the doctor finds",
        "`jetshare doctor` looks at shares, whoever made them, and names what is wrong by a code."
        " An error stops\na share or gives away what it must not; a warning bites some clients, or"
        " later; a note may be meant, and\nis shown with `--notes`, but for JS310, a share that has"
        " ended, which is always told.",
        "A cure that grants anew has the end of the old grant in it, `--expires {end}`: its date,"
        " or where\nthat is past a span as long. Where there was no end there is no such option.",
        "It reads documents, and with `--config` the accounts of a server's"
        " [configuration file](config-files.md).",
    ]
    group = ""
    for rule in rules:
        if rule.code[2] != group:
            group = rule.code[2]
            parts.append(f"## {_GROUPS[group]}\n\n| code | severity | |\n| --- | --- | --- |")
        parts[-1] += f"\n| [{rule.code}]({rule.code}.md) | {rule.severity} | {rule.title} |"
    parts += [
        "## The cures",
        _CURES,
        "## How it was shown",
        _SHOWN,
        "## What no rule finds",
        _UNSEEN,
    ]
    return "\n\n".join(parts) + "\n"


def _commands(lines: Iterable[str]) -> str:
    return "\n".join(("```sh", *lines, "```"))


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False))
