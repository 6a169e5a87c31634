"""The documents that NATS tokens carry, as nats-io/jwt v2 writes them.

A field is named as in the JSON, and stands in the order in which it is written. Times
are Unix seconds, durations nanoseconds, sizes bytes. A limit of -1 is none, and a limit
of 0 allows nothing, which is also what a missing one means.

A new object has the values that nats-io/jwt gives a new one: no limits, JetStream off.
"""

import typing
from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from jetshare.identity import gojson
from jetshare.identity.callout import (
    AuthorizationRequest,
    AuthorizationResponse,
    ClientInformation,
    ClientTLS,
    ConnectOptions,
    ServerID,
)
from jetshare.identity.codec import (
    UINT8,
    UINT64,
    VERSION,
    Flag,
    Form,
    FullText,
    Integer,
    Misfit,
    Text,
    Texts,
    Unknown,
    Version,
    choice,
    constant,
    expect_object,
    integer,
    listing,
    mapping,
    nested,
    optional,
    read,
    read_integer,
    read_list,
    reader,
    write,
)
from jetshare.identity.permissions import (
    NO_LIMIT,
    Networks,
    OnePermission,
    Permission,
    Permissions,
    Replies,
    ResponsePermission,
    TimeRange,
    Times,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.record import record

__all__ = [
    "NO_LIMIT",
    "Account",
    "AccountLimits",
    "Activation",
    "AuthorizationRequest",
    "AuthorizationResponse",
    "B",
    "Body",
    "Claims",
    "ClientInformation",
    "ClientTLS",
    "ConnectOptions",
    "Export",
    "ExportType",
    "ExternalAuthorization",
    "Generic",
    "Import",
    "JetStreamLimits",
    "MsgTrace",
    "Operator",
    "Permission",
    "Permissions",
    "ResponsePermission",
    "ServerID",
    "ServiceLatency",
    "TimeRange",
    "User",
    "UserPermissionLimits",
    "UserScope",
    "WeightedMapping",
    "from_json",
    "to_json",
]

ExportType: TypeAlias = Annotated[Literal["", "stream", "service"], choice("stream", "service")]
Revocations: TypeAlias = Annotated[Mapping[str, int], mapping(read_integer)]
"""Until when what was issued to a key, or to all (``*``), has ended: that second included."""


@record
class Operator:
    """Signed by itself. Its keys sign the accounts."""

    signing_keys: Texts = ()
    account_server_url: Text = ""
    operator_service_urls: Texts = ()
    system_account: Text = ""
    assert_server_version: Text = ""
    strict_signing_key_usage: Flag = False
    tags: Texts = ()
    type: Annotated[str, constant("operator")] = field(default="operator", init=False)
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)


def _sampling(value: object) -> object:
    if isinstance(value, str) and value.lower() == "headers":
        return "headers"
    return read_integer(value) or "headers"  # 0 is how Go holds it


Sampling: TypeAlias = Annotated[
    int | Literal["headers"], Form(read=_sampling, missing=lambda: "headers", always=True)
]


@record
class ServiceLatency:
    """``sampling`` is percent, or "headers" for requests that ask to be measured."""

    sampling: Sampling = "headers"
    results: FullText = ""
    unknown: Unknown = field(default_factory=dict)


@record
class Export:
    """What others may import. ``revocations`` ends activations, by importing account."""

    name: Text = ""
    subject: Text = ""
    type: ExportType = ""
    token_req: Flag = False
    revocations: Revocations = field(default_factory=dict)
    response_type: Text = ""
    response_threshold: Integer = 0
    service_latency: Annotated[ServiceLatency | None, optional(ServiceLatency)] = None
    account_token_position: Annotated[int, integer(UINT64)] = 0
    advertise: Flag = False
    allow_trace: Flag = False
    description: Text = ""
    info_url: Text = ""
    unknown: Unknown = field(default_factory=dict)


@record
class Import:
    """``to`` is the older form of ``local_subject``."""

    name: Text = ""
    subject: Text = ""
    account: Text = ""
    token: Text = ""
    to: Text = ""
    local_subject: Text = ""
    type: ExportType = ""
    share: Flag = False
    allow_trace: Flag = False
    unknown: Unknown = field(default_factory=dict)


@record
class JetStreamLimits:
    """Storage of 0 switches JetStream off."""

    mem_storage: Integer = 0
    disk_storage: Integer = 0
    streams: Integer = 0
    consumer: Integer = 0
    max_ack_pending: Integer = 0
    mem_max_stream_bytes: Integer = 0
    disk_max_stream_bytes: Integer = 0
    max_bytes_required: Flag = False
    unknown: Unknown = field(default_factory=dict)


Tiers: TypeAlias = Annotated[Mapping[str, JetStreamLimits], mapping(reader(JetStreamLimits), write)]


@record
class AccountLimits:
    """Where there are ``tiered_limits`` (by "R1", "R3"), the JetStream limits beside them
    count for nothing."""

    subs: Integer = NO_LIMIT
    data: Integer = NO_LIMIT
    payload: Integer = NO_LIMIT
    imports: Integer = NO_LIMIT
    exports: Integer = NO_LIMIT
    wildcards: Flag = True
    disallow_bearer: Flag = False
    conn: Integer = NO_LIMIT
    leaf: Integer = NO_LIMIT
    mem_storage: Integer = 0
    disk_storage: Integer = 0
    streams: Integer = 0
    consumer: Integer = 0
    max_ack_pending: Integer = 0
    mem_max_stream_bytes: Integer = 0
    disk_max_stream_bytes: Integer = 0
    max_bytes_required: Flag = False
    tiered_limits: Tiers = field(default_factory=dict)
    unknown: Unknown = field(default_factory=dict)


def _signing_key(value: object) -> str | UserScope:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or "kind" not in value:
        raise Misfit("must be a key or a scope")
    return read(UserScope, value)


def _write_signing_keys(keys: tuple[str | UserScope, ...]) -> object:
    """In order of the key. Of two entries for one key, the later counts."""
    by_key = {key if isinstance(key, str) else key.key: key for key in keys}
    ordered = (by_key[name] for name in sorted(by_key))
    return [key if isinstance(key, str) else write(key) for key in ordered]


SigningKeys: TypeAlias = Annotated[
    tuple[str | UserScope, ...],
    Form(
        read=lambda value: read_list(_signing_key, value),
        write=_write_signing_keys,
        missing=tuple,
    ),
]


@record
class WeightedMapping:
    """``weight`` is percent; 0 stands for 100."""

    subject: FullText = ""
    weight: Annotated[int, integer(UINT8)] = 0
    cluster: Text = ""
    unknown: Unknown = field(default_factory=dict)


Mappings: TypeAlias = Annotated[
    Mapping[str, tuple[WeightedMapping, ...]],
    mapping(
        lambda value: read_list(reader(WeightedMapping), value),
        lambda items: [write(item) for item in items],
    ),
]


@record
class ExternalAuthorization:
    """The authorization callout (ADR-26)."""

    auth_users: Texts = ()
    allowed_accounts: Texts = ()
    xkey: Text = ""
    unknown: Unknown = field(default_factory=dict)


@record
class MsgTrace:
    """Where message traces go (ADR-41), and for how many percent of the messages."""

    dest: Text = ""
    sampling: Integer = 0
    unknown: Unknown = field(default_factory=dict)


Imports: TypeAlias = Annotated[tuple[Import, ...], listing(Import, order=lambda i: i.subject)]
Exports: TypeAlias = Annotated[tuple[Export, ...], listing(Export, order=lambda e: e.subject)]
Limits: TypeAlias = Annotated[AccountLimits, nested(AccountLimits)]
DefaultPermissions: TypeAlias = Annotated[Permissions, nested(Permissions)]
Authorization: TypeAlias = Annotated[ExternalAuthorization, nested(ExternalAuthorization)]
Trace: TypeAlias = Annotated[MsgTrace | None, optional(MsgTrace)]


@record
class Account:
    """Signed by its operator. ``revocations`` ends users, by their public key."""

    imports: Imports = ()
    exports: Exports = ()
    limits: Limits = field(default_factory=AccountLimits)
    signing_keys: SigningKeys = ()
    revocations: Revocations = field(default_factory=dict)
    default_permissions: DefaultPermissions = field(default_factory=Permissions)
    mappings: Mappings = field(default_factory=dict)
    authorization: Authorization = field(default_factory=ExternalAuthorization)
    trace: Trace = None
    cluster_traffic: Text = ""
    description: Text = ""
    info_url: Text = ""
    tags: Texts = ()
    type: Annotated[str, constant("account")] = field(default="account", init=False)
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)


@record
class User:
    """Signed by its account. Under a scoped signing key a user must be ``User.scoped``."""

    pub: OnePermission = field(default_factory=Permission)
    sub: OnePermission = field(default_factory=Permission)
    resp: Replies = None
    src: Networks = ()
    times: Times = ()
    times_location: Text = ""
    subs: Integer = NO_LIMIT
    data: Integer = NO_LIMIT
    payload: Integer = NO_LIMIT
    bearer_token: Flag = False
    proxy_required: Flag = False
    allowed_connection_types: Texts = ()
    issuer_account: Text = ""
    tags: Texts = ()
    type: Annotated[str, constant("user")] = field(default="user", init=False)
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)

    @classmethod
    def scoped(cls, issuer_account: str, *, tags: tuple[str, ...] = ()) -> "User":
        """A user that has no permission or limit of its own."""
        return cls(subs=0, data=0, payload=0, issuer_account=issuer_account, tags=tags)


@record
class Activation:
    """Lets an account import ``subject`` from the one that signed."""

    subject: Text = ""
    kind: ExportType = ""
    issuer_account: Text = ""
    tags: Texts = ()
    type: Annotated[str, constant("activation")] = field(default="activation", init=False)
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)


@record
class Generic:
    """A token of any other type: ``data`` is all of its nats part but the version."""

    data: Mapping[str, object] = field(default_factory=dict)


Body: TypeAlias = (
    Operator | Account | User | Activation | AuthorizationRequest | AuthorizationResponse | Generic
)
B = TypeVar("B", bound=Body, covariant=True)


def _write_body(body: Body) -> object:
    if isinstance(body, Generic):
        return gojson.in_order({**body.data, "version": VERSION})
    return write(body)


@record
class Claims(typing.Generic[B]):
    """What a token says: who (``iss``) says what (``nats``) of whom (``sub``), and until when.

    ``exp`` and ``nbf`` are 0 where they are open. ``jti``, ``iat`` and ``iss`` are set
    by whoever signs.
    """

    aud: Text = ""
    exp: Integer = 0
    jti: Text = ""
    iat: Integer = 0
    iss: Text = ""
    name: Text = ""
    nbf: Integer = 0
    sub: Text = ""
    nats: Annotated[B, Form(read=lambda body: body, write=_write_body, always=True)]
    unknown: Unknown = field(default_factory=dict)

    def with_nats(self, **changes: Any) -> "Claims[B]":
        """The same with some fields of ``nats`` changed."""
        return replace(self, nats=replace(self.nats, **changes))


def to_json(claims: Claims[Body]) -> dict[str, object]:
    """The payload of a token with these claims, in the order in which it is written."""
    return write(claims)


def from_json(kind: type[Any], payload: Mapping[str, object]) -> Claims[Body]:
    """Claims whose ``nats`` part is of ``kind``. Raises Misfit."""
    nats = payload.get("nats")
    try:
        body = _read_body(kind, {} if nats is None else nats)
    except Misfit as misfit:
        raise misfit.within("nats") from None
    return read(Claims, {**payload, "nats": body})


def _read_body(kind: type[Any], value: object) -> Body:
    if kind is Generic:
        return Generic(data={n: v for n, v in expect_object(value).items() if n != "version"})
    body: Body = read(kind, value)
    if isinstance(body, Account) and body.limits.tiered_limits:
        # Go drops the limits that the tiers replace, and so does every server.
        dropped: dict[str, Any] = {
            limit.name: limit.default
            for limit in fields(JetStreamLimits)
            if limit.name != "unknown"
        }
        return replace(body, limits=replace(body.limits, **dropped))
    return body
