"""Places and cures in the words of a server's configuration file.

There an account has its name for a key, an export names the accounts that may import it,
and an import needs no token. A cure is an entry to add or to take out, or what to set in one
that stands in the file, where it may have more than a server tells of it. The server takes it
at a reload. It takes no import whose export is not there or does not name the importer, so a
cure changes both together. Source: nats-server ``server/opts.go``
(parseAccounts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from jetshare.identity.claims import Account, Claims, Export, Import
from jetshare.identity.record import record
from jetshare.sharing.kinds import SINGLETON, STREAM
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.pieces import Part, piece_of
from jetshare.sharing.rules.rule import Finding
from jetshare.sharing.rules.shares import Exports, Offered, Taken, as_meant, covers

RELOAD = "nats-server --signal reload"

ByName = Mapping[str, Claims[Account]]
Entry = Export | Import

_PLACE = re.compile(r"nats\.(exports|imports)\[(\d+)\]")
_NUMBERED = re.compile(r", as nats\.imports\[\d+\],")  # the file has another order
_APPROVED = "approved_accounts"  # as a server's monitoring names them
_SOMEBODY = "IMPORTER"
_DELIVER = "DELIVER-SUBJECT"


Importers = Mapping[tuple[str, str, str], Sequence[tuple[Claims[Account], Import]]]
"""By an account and the type and subject of an export, who imports that, and as what."""


@record
class _File:
    """The accounts of a file and what each exports, by name; and its shares by their names."""

    accounts: ByName
    exported: Mapping[str, Exports]
    shares: Mapping[tuple[str, str], Sequence[Offered]]
    importers: Importers

    def let_in(self, provider: Claims[Account], share: str) -> tuple[str, ...]:
        """Who may import something of a share."""
        shares = self.shares.get((provider.sub, share), ())
        offers = (offer for offered in shares for offer in offered.offers)
        return tuple(sorted({name for offer in offers for name in approved(offer.export)}))


@record
class _Case:
    """A finding, the account that it is about, and the export or import if it is of one."""

    finding: Finding
    owner: Claims[Account]
    entry: Entry | None
    file: _File

    @property
    def importers(self) -> Sequence[tuple[Claims[Account], Import]]:
        """Of the export of the case."""
        if self.entry is None:
            return ()
        return self.file.importers.get((self.owner.sub, self.entry.type, self.entry.subject), ())

    @property
    def let_in(self) -> tuple[str, ...]:
        return self.file.let_in(self.owner, self.finding.share)

    def named(self, name: str) -> str:
        return self.finding.names.get(name, "")


def in_config(
    findings: Iterable[Finding],
    accounts: ByName,
    exported: Mapping[str, Exports],
    taken: Iterable[Taken],
) -> Iterator[Finding]:
    """``findings`` as they are said of a configuration file with these accounts."""
    shares: dict[tuple[str, str], list[Offered]] = {}
    for name, exports in exported.items():
        for offered in exports.shares.values():
            shares.setdefault((name, offered.name), []).append(offered)
    file = _File(accounts=accounts, exported=exported, shares=shares, importers=_importers(taken))
    for finding in findings:
        owner = accounts[finding.key]
        yield _in_file(_Case(finding=finding, owner=owner, entry=_entry(finding, owner), file=file))


def _in_file(case: _Case) -> Finding:
    list_ = "imports" if case.finding.path.startswith("nats.imports") else "exports"
    lines = tuple(dict.fromkeys(_CURES.get(case.finding.code, _as_fixed)(case)))
    return replace(
        case.finding,
        path=f"{list_}, {_heading(case.entry)}" if case.entry else list_,
        text=_NUMBERED.sub("", case.finding.text),
        cure=(*lines, RELOAD) if lines else (),
        nsc=(),
        fix=None,  # which is of a document
    )


def _importers(taken: Iterable[Taken]) -> Importers:
    found: dict[tuple[str, str, str], list[tuple[Claims[Account], Import]]] = {}
    for share in taken:
        for take in share.takes:
            if take.offer is not None:
                export = take.offer.export
                place = (share.provider_key, export.type, export.subject)
                found.setdefault(place, []).append((share.importer, take.item))
    return found


def letting_in(export: Export, accounts: Iterable[str]) -> Export:
    """``export``, private to ``accounts``; public where there are none."""
    named = tuple(accounts)
    return replace(export, token_req=bool(named), unknown={_APPROVED: named} if named else {})


def approved(export: Export) -> tuple[str, ...]:
    """The accounts that may import it; none where all may."""
    named = export.unknown.get(_APPROVED, ())
    return tuple(str(name) for name in named) if isinstance(named, tuple) else ()


def written(entry: Entry) -> str:
    """An export or import as the file has it."""
    return _braced(_parts(entry))


def _parts(entry: Entry) -> dict[str, str]:
    """What an entry sets, and to what."""
    if isinstance(entry, Export):
        parts: dict[str, str] = {entry.type: f'"{entry.subject}"'}
        if entry.type == "service" and entry.response_type not in ("", SINGLETON):
            parts["response_type"] = f'"{entry.response_type}"'
        elif entry.service_latency:  # which a server takes with one response only
            parts["latency"] = f'"{entry.service_latency.results}"'
        if named := approved(entry):
            quoted = ", ".join(f'"{name}"' for name in named)
            parts["accounts"] = f"[{quoted}]"
        return parts
    item = as_meant(entry)
    parts = {item.type: f'{{account: "{item.account}", subject: "{item.subject}"}}'}
    if item.local_subject != item.subject:
        parts["to"] = f'"{item.local_subject}"'
    if item.share:
        parts["share"] = "true"
    return parts


def _braced(parts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in parts.items())}}}"


def _as_fixed(case: _Case) -> Iterator[str]:
    """What the fix of one document comes to."""
    fix = case.finding.fix
    if fix is None:
        return
    if isinstance(fix.added, Export):
        yield _add(case.owner, letting_in(fix.added, case.let_in))
    elif case.entry and (mended := _entry(case.finding, fixed(case.owner, (case.finding,)))):
        yield _change(case.owner, case.entry, mended)


def _import_it(case: _Case) -> Iterator[str]:
    item = Import(
        subject=case.named("subject"),
        account=case.named("provider_key"),
        local_subject=case.named("local"),
        type="service",
    )
    yield from _imported(case, item)


def _import_as_service(case: _Case) -> Iterator[str]:
    if isinstance(case.entry, Import):
        yield _take_out(case.owner, case.entry)
        local = case.named("local")
        yield from _imported(case, replace(case.entry, type="service", local_subject=local))


def _imported(case: _Case, item: Import) -> Iterator[str]:
    """The import, and before it what its export lacks."""
    importer, provider = case.owner, case.file.accounts.get(item.account)
    if provider is not None:
        offer = case.file.exported[provider.sub].of(item)
        if offer is None:
            known = case.file.let_in(provider, case.finding.share)
            names = sorted({*known, importer.name}) if known else ()
            yield _add(provider, letting_in(_service(item.subject), names))
        elif (known := approved(offer.export)) and importer.name not in known:
            let_in = letting_in(offer.export, (*known, importer.name))
            yield _change(provider, offer.export, let_in)
    yield _add(importer, item)


def _import_deliver(case: _Case) -> Iterator[str]:
    provider = case.named("provider_key")
    yield _add(case.owner, Import(subject=_DELIVER, account=provider, type="stream"))


def _drop_import(case: _Case) -> Iterator[str]:
    if isinstance(case.entry, Import):
        yield _take_out(case.owner, case.entry)


def _export_it(case: _Case) -> Iterator[str]:
    subject = case.named("subject") or f"$JS.FC.{case.named('stream')}.>"
    yield _add(case.owner, letting_in(_service(subject), case.let_in))


def _export_as_service(case: _Case) -> Iterator[str]:
    if isinstance(case.entry, Export):
        yield from _withdraw(case)
        yield _add(case.owner, letting_in(_service(case.entry.subject), approved(case.entry)))


def _export_deliver(case: _Case) -> Iterator[str]:
    yield _add(case.owner, letting_in(Export(subject=_DELIVER, type="stream"), case.let_in))


def _withdraw(case: _Case) -> Iterator[str]:
    """The export, and before it the imports that have no other one."""
    if isinstance(case.entry, Export):
        exported = case.file.exported[case.owner.sub]
        for importer, item in case.importers:
            same = exported.exact.get((item.type, item.subject))
            others = (o for o in (same, *exported.wild) if o and o.export != case.entry)
            if not any(covers(other, item) for other in others):
                yield _take_out(importer, item)
        yield _take_out(case.owner, case.entry)


def _restrict(case: _Case) -> Iterator[str]:
    if isinstance(case.entry, Export):
        known = {*case.let_in, *(importer.name for importer, _ in case.importers)}
        let_in = letting_in(case.entry, sorted(known) or (_SOMEBODY,))
        yield _change(case.owner, case.entry, let_in)


def _streams(case: _Case) -> Iterator[str]:
    yield f"add to accounts.{case.owner.name}: jetstream: enabled"


_CURES: Mapping[str, Callable[[_Case], Iterator[str]]] = {
    **dict.fromkeys(("JS102", "JS106", "JS114", "JS117"), _withdraw),
    **dict.fromkeys(("JS104", "JS109"), _export_it),
    **dict.fromkeys(("JS107", "JS108", "JS112"), _restrict),
    "JS110": _export_deliver,
    "JS111": _export_as_service,
    "JS118": _streams,
    **dict.fromkeys(("JS203", "JS204", "JS206", "JS211", "JS213", "JS216"), _import_it),
    **dict.fromkeys(("JS205", "JS207", "JS208"), _drop_import),
    "JS212": _import_deliver,
    "JS214": _import_as_service,
}
"""By code, where it is not the fix of the finding."""


def _service(subject: str) -> Export:
    response = STREAM if piece_of(subject).part is Part.NEXT else SINGLETON
    return Export(subject=subject, type="service", response_type=response)


def _entry(finding: Finding, owner: Claims[Account]) -> Entry | None:
    found = _PLACE.match(finding.path)
    if found is None:
        return None
    held: tuple[Entry, ...] = owner.nats.exports if found[1] == "exports" else owner.nats.imports
    return held[int(found[2])]


def _heading(entry: Entry) -> str:
    origin = f" from {entry.account}" if isinstance(entry, Import) else ""
    return f"{entry.type} {entry.subject}{origin}"


def _add(account: Claims[Account], entry: Entry) -> str:
    return f"add to {_list(account, entry)}: {written(entry)}"


def _change(account: Claims[Account], entry: Entry, mended: Entry) -> str:
    """What to set and what to leave out; the rest of the entry is to stay as it is."""
    old, new = _parts(entry), _parts(mended)
    known = {name: value for name, value in old.items() if name in (entry.type, "to")}
    set_ = ", ".join(f"{name}: {value}" for name, value in new.items() if old.get(name) != value)
    left_out = ", ".join(name for name in old if name not in new)
    what = (f"set {set_}" if set_ else "", f"leave out {left_out}" if left_out else "")
    return f"change in {_list(account, entry)}, {_braced(known)}: {'; '.join(filter(None, what))}"


def _take_out(account: Claims[Account], entry: Entry) -> str:
    return f"take out of {_list(account, entry)}: {written(entry)}"


def _list(account: Claims[Account], entry: Entry) -> str:
    return f"accounts.{account.name}.{'exports' if isinstance(entry, Export) else 'imports'}"
