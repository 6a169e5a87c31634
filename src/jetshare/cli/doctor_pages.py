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


_SHOWN = """\
Each page says how its failure was made to happen on a real server: what a client of the importer
saw, and what it saw after the cure. The tests do so anew (`tests/doctor`); they run the commands
that the doctor printed, as they stand. Where the cure is no command, because it is a program's, a
newer server's or a matter of taste (JS402, JS503, JS704, JS706), the test does what the page says.
What takes minutes (JS708) is in `make test-slow`, and what needs an older server (JS503) in `make
test-matrix`.

[mutations.md](mutations.md) is the same the other way round: right shares with one or two things
changed, each tried on a server, and whether the doctor finds what does not work any more.

Of the servers' defects, two are no rule's:

- A consumer's RESET through a share (nats-io/nats-server#8396) gets no answer on 2.14.0, and one on
  2.15.1. No kind of share has it; exported by hand it is the owner's API (JS102).
- A reply subject that is written twice (#8089) is #7579 of JS503 by one more hop, and was not tried
  apart."""

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
  JS216 notes shares in which one of the two gets no answer. The same holds for `$O.<bucket>.>`.
- **A pull without an expiry.** Tried: such pulls wait until their client disconnects, and then the
  server drops them. The request is the client's; JS704 sees them when they have piled up.
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
    for title, lines in (("Cure", rule.cure), ("Cure with nsc", rule.nsc)):
        if lines:
            parts += [f"## {title}", "```sh\n" + "\n".join(lines) + "\n```"]
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
        " later; a note may be meant, and\nis shown with `--notes`.",
        "It reads documents, and with `--config` the accounts of a server's"
        " [configuration file](config-files.md).",
    ]
    group = ""
    for rule in rules:
        if rule.code[2] != group:
            group = rule.code[2]
            parts.append(f"## {_GROUPS[group]}\n\n| code | severity | |\n| --- | --- | --- |")
        parts[-1] += f"\n| [{rule.code}]({rule.code}.md) | {rule.severity} | {rule.title} |"
    parts += ["## How it was shown", _SHOWN, "## What no rule finds", _UNSEEN]
    return "\n\n".join(parts) + "\n"


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False))
