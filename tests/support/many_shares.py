"""Many accounts that share with one another, each share right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Export, Import, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer, Role, SharedSubject
from jetshare.store.folder import create_store
from jetshare.store.locate import Location
from support.shares import JETSTREAM, activation

NOW = 1_800_000_000
_APART = 7  # whose share an account imports


def write_store(folder: Path, count: int, *, varied: bool = False) -> None:
    """A store in ``folder`` with ``count`` accounts and twice as many imports, or as many as
    shares of several forms have."""
    operator = KeyPair.generate(Kind.OPERATOR)
    location = Location(stores=folder, keystore=folder, config=folder / "nsc.json")
    own = jwt.encode(Claims(name="OP", sub=operator.public, nats=Operator()), operator, NOW)
    with create_store(location, "OP") as edit:
        edit.put_operator(own)
        for document in documents(count, operator, varied=varied):
            edit.put_account(document)


def documents(
    count: int, operator: KeyPair, *, varied: bool = False
) -> Iterator[Document[Account]]:
    for claims in accounts(count, varied=varied):
        yield jwt.encode(claims, operator, NOW)


@dataclass(frozen=True)
class Form:
    """One of the ways in which a share may be right."""

    public: bool = False
    expires: int = 0
    second_form: bool = True
    prefix: str = ""

    def subjects(self, share: PullConsumer, provider: str) -> list[SharedSubject]:
        held = share.subjects(provider)
        return [one for one in held if self.second_form or one.role is not Role.ACK_V2]


_USUAL = Form()
_FORMS = (
    _USUAL,
    Form(public=True),
    Form(expires=NOW + 90 * 86_400),
    Form(second_form=False),
    Form(prefix="from.afar"),
    Form(public=True, second_form=False, prefix="open"),
)


def _form(number: int, varied: bool) -> Form:
    return _FORMS[number % len(_FORMS)] if varied else _USUAL


def accounts(count: int, *, varied: bool = False) -> Iterator[Claims[Account]]:
    """Accounts, each of which offers a consumer; every second one imports one, four subjects or
    as its form has."""
    keys = [KeyPair.generate(Kind.ACCOUNT) for _ in range(count)]
    for number, key in enumerate(keys):
        exports = _exports(number, key.public, _form(number, varied))
        provider = (number + _APART) % count
        form = _form(provider, varied)
        imports = _imports(provider, keys[provider], key.public, form) if number % 2 else ()
        yield Claims(
            name=f"A{number:05}",
            sub=key.public,
            nats=Account(exports=tuple(exports), imports=tuple(imports), limits=JETSTREAM),
        )


def _exports(number: int, public: str, form: Form) -> Iterator[Export]:
    for subject in form.subjects(PullConsumer(f"S{number}", "C"), public):
        yield Export(
            name=subject.subject,
            subject=subject.subject,
            type="service",
            token_req=not form.public,
            response_type=subject.response_type,
        )


def _imports(number: int, key: KeyPair, importer: str, form: Form) -> Iterator[Import]:
    for subject in form.subjects(PullConsumer(f"S{number}", "C"), key.public):
        name = subject.subject
        token = activation(key, importer, name, NOW, provider=key.public, exp=form.expires)
        yield Import(
            name=subject.subject,
            subject=subject.subject,
            account=key.public,
            token="" if form.public else token,
            local_subject=subject.local(form.prefix or f"A{number:05}.API"),
            type="service",
        )
