"""What servers show of a failure of the documents is no failure more: one cause, one error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from jetshare.sharing.rules import binding, servers
from jetshare.sharing.rules.rule import Finding, Severity

_SHOWN_BY_SERVERS = frozenset(
    {
        servers.INVALID.code,
        servers.NEXT_LOST.code,
        servers.ACK_LOST.code,
        servers.PUSH_LOST.code,
        binding.INFO_LOST.code,
    }
)


def following(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings about one share, those marked that say of an import what an error in the
    documents says already."""
    held = list(findings)
    told = {
        place
        for finding in held
        if finding.severity is Severity.ERROR and finding.code not in _SHOWN_BY_SERVERS
        for place in _imports(finding)
    }
    for finding in held:
        follows = finding.code in _SHOWN_BY_SERVERS and told.issuperset(_imports(finding))
        yield replace(finding, follows=True) if follows else finding


def _imports(finding: Finding) -> Sequence[tuple[str, str]]:
    """Whose imports it is about, and at which places."""
    places = finding.places or (finding.path,)
    return [(finding.key, ".".join(place.split(".")[:2])) for place in places]
