"""Places and cures in the words of a server's configuration file.

There an account has its name for a key, an export names the accounts that may import it,
and an import needs no token. A cure is the entry as it should stand in the file; the server
takes it at a reload. It takes no import whose export is not there or does not name the
importer, so a cure changes both together. Source: nats-server ``server/opts.go``
(parseAccounts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from jetshare.identity.claims import Account, Claims, Export, Import
from jetshare.identity.record import record
from jetshare.sharing.kinds import SINGLETON, STREAM
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.pieces import Part, piece_of
from jetshare.sharing.rules.rule import Finding
from jetshare.sharing.rules.shares import as_meant, exports_of, offered_shares

RELOAD = "nats-server --signal reload"

ByName = Mapping[str, Claims[Account]]
Entry = Export | Import

_PLACE = re.compile(r"nats\.(exports|imports)\[(\d+)\]")
_NUMBERED = re.compile(r", as nats\.imports\[\d+\],")  # the file has another order
_APPROVED = "approved_accounts"  # as a server's monitoring names them
_SOMEBODY = "IMPORTER"
_DELIVER = "DELIVER-SUBJECT"


@record
class _Case:
    """A finding, the account that it is about, and the export or import if it is of one."""

    finding: Finding
    owner: Claims[Account]
    entry: Entry | None
    accounts: ByName

    @property
    def let_in(self) -> tuple[str, ...]:
        return _let_in(self.owner, self.finding.share)

    def named(self, name: str) -> str:
        return self.finding.names.get(name, "")


def in_config(finding: Finding, accounts: ByName) -> Finding:
    """``finding`` as it is said of a configuration file."""
    owner = accounts[finding.key]
    case = _Case(finding=finding, owner=owner, entry=_entry(finding, owner), accounts=accounts)
    list_ = "imports" if finding.path.startswith("nats.imports") else "exports"
    lines = tuple(dict.fromkeys(_CURES.get(finding.code, _as_fixed)(case)))
    return replace(
        finding,
        path=f"{list_}, {_heading(case.entry)}" if case.entry else list_,
        text=_NUMBERED.sub("", finding.text),
        cure=(*lines, RELOAD) if lines else (),
        nsc=(),
        fix=None,  # which is of a document
    )


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
    if isinstance(entry, Export):
        parts = [f'{entry.type}: "{entry.subject}"']
        if entry.type == "service" and entry.response_type not in ("", SINGLETON):
            parts.append(f'response_type: "{entry.response_type}"')
        if named := approved(entry):
            quoted = ", ".join(f'"{name}"' for name in named)
            parts.append(f"accounts: [{quoted}]")
    else:
        item = as_meant(entry)
        parts = [f'{item.type}: {{account: "{item.account}", subject: "{item.subject}"}}']
        if item.local_subject != item.subject:
            parts.append(f'to: "{item.local_subject}"')
        if item.share:
            parts.append("share: true")
    return f"{{{', '.join(parts)}}}"


def _as_fixed(case: _Case) -> Iterator[str]:
    """What the fix of one document comes to."""
    fix = case.finding.fix
    if fix is None:
        return
    if isinstance(fix.added, Export):
        yield _add(case.owner, letting_in(fix.added, case.let_in))
    elif mended := _entry(case.finding, fixed(case.owner, (case.finding,))):
        yield _change(case.owner, mended)


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
    importer, provider = case.owner, case.accounts.get(item.account)
    if provider is not None:
        offer = exports_of(provider).of(item)
        if offer is None:
            known = _let_in(provider, case.finding.share)
            names = sorted({*known, importer.name}) if known else ()
            yield _add(provider, letting_in(_service(item.subject), names))
        elif (known := approved(offer.export)) and importer.name not in known:
            yield _change(provider, letting_in(offer.export, (*known, importer.name)))
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
        kept = tuple(each for each in case.owner.nats.exports if each != case.entry)
        left = exports_of(case.owner.with_nats(exports=kept))
        for importer, item in _importers(case):
            if left.of(item) is None:
                yield _take_out(importer, item)
        yield _take_out(case.owner, case.entry)


def _restrict(case: _Case) -> Iterator[str]:
    if isinstance(case.entry, Export):
        known = {*case.let_in, *(importer.name for importer, _ in _importers(case))}
        yield _change(case.owner, letting_in(case.entry, sorted(known) or (_SOMEBODY,)))


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


def _let_in(provider: Claims[Account], share: str) -> tuple[str, ...]:
    """Who may import something of a share."""
    held = (offered for offered in offered_shares(provider) if offered.name == share)
    names = {name for offered in held for o in offered.offers for name in approved(o.export)}
    return tuple(sorted(names))


def _importers(case: _Case) -> Iterator[tuple[Claims[Account], Import]]:
    """Who imports the export of the case, and as what."""
    offered = exports_of(case.owner)
    for claims in case.accounts.values():
        for item in map(as_meant, claims.nats.imports):
            if item.account == case.owner.sub:
                offer = offered.of(item)
                if offer is not None and offer.export == case.entry:
                    yield claims, item


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


def _change(account: Claims[Account], entry: Entry) -> str:
    return f"change in {_list(account, entry)}: {written(entry)}"


def _take_out(account: Claims[Account], entry: Entry) -> str:
    return f"take out of {_list(account, entry)}: {written(entry)}"


def _list(account: Claims[Account], entry: Entry) -> str:
    return f"accounts.{account.name}.{'exports' if isinstance(entry, Export) else 'imports'}"
