"""Rules of what an export really gives away, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from jetshare.identity.claims import Export
from jetshare.sharing.rules.cures import EDIT_EXPORT, EXPORT_ANEW, PUSH_EDITED, PUSH_PROVIDER
from jetshare.sharing.rules.found import at_offer
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.remaking import remade
from jetshare.sharing.rules.rule import Finding, Fix, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Offer, Offered

_DELETE = ("nsc delete export --account {provider} --subject {subject}", *PUSH_PROVIDER)

OWNER = Rule(
    code="JS102",
    title="The owner's own API is exported",
    severity=Severity.ERROR,
    symptom="Everything works, and too much does: the importer can delete and purge streams,"
    " read every message and change every consumer.",
    cause="An export of $JS.API.> (or of a STREAM or CONSUMER part of it) gives the whole"
    " administration away. Nothing limits it to one stream.",
    nsc=_DELETE,
    source="JetStream API; nats-io/nats-server#4225",
    shown="$JS.API.STREAM.DELETE.* exported: the importer deleted a stream. After the cure it got"
    " 503.",
)


def owner_api_exported(share: Offered) -> Iterator[Finding]:
    for offer in share.all(Part.ADMIN):
        yield at_offer(
            OWNER,
            share,
            offer,
            f"{offer.export.subject} is the owner's API: importers can do with"
            " the streams what their owner can",
        )


UNCHECKED = Rule(
    code="JS105",
    title="A private export with an account token position",
    severity=Severity.ERROR,
    symptom="A revoked importer goes on as if nothing had happened.",
    cause="With account_token_position the server checks that the subject names the importer's"
    " account, and then neither activation tokens nor their revocation.",
    cure=("jetshare doctor {share} --account {provider} --fix",),
    nsc=EXPORT_ANEW,
    source="nats-server accounts.go, checkServiceImportAuthorized",
    shown="A revoked importer's request was answered; after the position was gone it got 503.",
)


def token_position_unchecked(share: Offered) -> Iterator[Finding]:
    for offer in share.offers:
        if offer.export.token_req and offer.export.account_token_position:
            found = at_offer(
                UNCHECKED,
                share,
                offer,
                f"{offer.export.subject} asks for a token and has an account token position:"
                " the server checks neither token nor revocation",
                fix=Fix(list="exports", index=offer.index, changes={"account_token_position": 0}),
            )
            checked = replace(offer.export, account_token_position=0)
            yield remade(found, (offer, checked))


WILD = Rule(
    code="JS106",
    title="Wildcards reach other consumers",
    severity=Severity.WARNING,
    symptom="The importer can pull from, or acknowledge at, consumers that were not meant.",
    cause="A NEXT, ACK or INFO export with * or > where the consumer's name should stand covers"
    " every consumer of the stream, those made later too.",
    nsc=_DELETE,
    source="least privilege; nats-server subject matching",
    shown="An importer of CONSUMER.MSG.NEXT.S.* pulled from a second consumer; after the cure that"
    " pull got 503.",
)


def wildcards_reach_others(share: Offered) -> Iterator[Finding]:
    if share.has(Part.CREATE) or share.kind in (Kind.KEY_VALUE, Kind.OBJECTS):
        return  # the importer makes consumers of its own, whose names are not known
    for offer in share.all(Part.NEXT, Part.ACK, Part.ACK_V2, Part.INFO):
        if not share.key[1] or share.key[0] in ("*", ">"):
            text = f"{offer.export.subject} covers every consumer, not the one that is shared"
            yield at_offer(WILD, share, offer, text)


MIXED = Rule(
    code="JS107",
    title="One share, partly private and partly public",
    severity=Severity.WARNING,
    symptom="An account that was granted nothing, or was revoked, still reaches a part: with"
    " ACK alone it can acknowledge, end and even pull (+NXT) another one's messages.",
    cause="Some exports of the share ask for an activation token and others do not.",
    cure=(f"{EDIT_EXPORT} --private", *PUSH_EDITED),
    nsc=EXPORT_ANEW,
    source="ADR-15 (+NXT); nats-server accounts.go",
    shown="NEXT private and ACK public: an account that was granted nothing was answered at"
    " the ACK subject. After the cure it got 503.",
)


def partly_public(share: Offered) -> Iterator[Finding]:
    private = {offer.export.token_req for offer in share.offers}
    if len(private) == 2:
        for offer in share.offers:
            if not offer.export.token_req:
                text = f"{offer.export.subject} is public, and the rest of {share.name} private"
                found = at_offer(MIXED, share, offer, text)
                yield remade(found, (offer, _closed(offer)))


PUBLIC = Rule(
    code="JS108",
    title="The share is public",
    severity=Severity.NOTE,
    symptom="Every account of the operator can import it, without being granted anything.",
    cause="None of its exports asks for an activation token.",
    cure=(f"{EDIT_EXPORT} --private", *PUSH_EDITED),
    nsc=EXPORT_ANEW,
    source="nats-io/jwt Export.TokenReq",
    shown="A public share, imported by an account that nobody had granted it: that account pulled"
    " the messages. After the cure it got 503.",
)


_MONITORING = "$SYS."


def is_public(share: Offered) -> Iterator[Finding]:
    if share.kind is Kind.ADMIN or share.key[0].startswith(_MONITORING):
        return  # what a system account exports is meant for everybody: each hears of itself alone
    if not any(o.export.token_req for o in share.offers):
        found = at_offer(PUBLIC, share, share.offers[0], f"{share.name} is open to every account")
        yield remade(found, *((offer, _closed(offer)) for offer in share.offers))


def _closed(offer: Offer) -> Export:
    """The export, private. It cannot have a token position as well (JS105)."""
    return replace(offer.export, token_req=True, account_token_position=0)


CREATES = Rule(
    code="JS114",
    title="Importers may make consumers",
    severity=Severity.NOTE,
    symptom="None. But an importer can overwrite an existing consumer of the stream, and have"
    " messages delivered to any subject of the provider's account.",
    cause="CONSUMER.CREATE is exported. Kinds that need it (sources, watches, ordered consumers)"
    " cannot do without; a pull consumer that the owner makes can.",
    nsc=_DELETE,
    source="nats-server consumer.go",
    shown="CONSUMER.CREATE shared beside a pull consumer: the importer made a consumer that"
    " delivered the stream's messages to a subject of the provider's account. After the cure the"
    " request got 503.",
)


def may_create(share: Offered) -> Iterator[Finding]:
    for offer in share.all(Part.CREATE):
        text = f"importers of {offer.export.subject} may also overwrite consumers of {share.name}"
        yield at_offer(CREATES, share, offer, text)


RULES: tuple[tuple[Rule, Callable[[Offered], Iterator[Finding]]], ...] = (
    (OWNER, owner_api_exported),
    (UNCHECKED, token_position_unchecked),
    (WILD, wildcards_reach_others),
    (MIXED, partly_public),
    (PUBLIC, is_public),
    (CREATES, may_create),
)
