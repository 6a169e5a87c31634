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


_NOT_SHOWN = """\
A page says how its failure was made to happen on a real server. Where it says that it was not,
the rule is held by unit tests alone: what it says of servers is from their source and their
issues, and nobody has tried to make it happen here."""

_UNSEEN = """\
- **Pulls in flight go deaf when the provider is pushed**, and what they had leased stays leased.
  Nothing is left to see afterwards but leases (JS705). Clients want an idle heartbeat, and pull
  again; collect changes into one push.
- **Access may go on after a token has expired**, until a server loads one of the accounts anew.
  JS302 sees the token and not the access; push the provider when a token ends.
- **A put that is never answered** for want of `$O.<bucket>.>` or `$KV.<bucket>.>` under its own
  name: whether the client uses the prefix is not in the documents (JS216 notes it).
- **A pull without an expiry**: the request is the client's. JS704 sees them pile up.
- **A NATS stream taken for a JetStream stream**: the export is right as it is. `jetshare doctor`
  names its kind, plain stream."""


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
        _wrap(
            rule.shown or "It was not made to happen on a server; the rule is held by unit tests."
        ),
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
    ]
    group = ""
    for rule in rules:
        if rule.code[2] != group:
            group = rule.code[2]
            parts.append(f"## {_GROUPS[group]}\n\n| code | severity | |\n| --- | --- | --- |")
        parts[-1] += f"\n| [{rule.code}]({rule.code}.md) | {rule.severity} | {rule.title} |"
    parts += ["## Not shown on a server", _NOT_SHOWN, "## What no rule finds", _UNSEEN]
    return "\n\n".join(parts) + "\n"


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False))
