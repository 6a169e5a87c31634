"""The documents of the authorization callout (ADR-26), as nats-io/jwt v2 writes them."""

from dataclasses import field
from typing import Annotated, TypeAlias

from jetshare.identity.codec import (
    UINT64,
    VERSION,
    Form,
    FullInteger,
    FullText,
    Text,
    Texts,
    Unknown,
    Version,
    constant,
    integer,
    nested,
    optional,
    read_list,
    read_texts,
    text,
)
from jetshare.identity.record import record


@record
class ServerID:
    """The server that asks."""

    name: FullText = ""
    host: FullText = ""
    id: FullText = ""
    version: Text = ""
    cluster: Text = ""
    tags: Texts = ()
    xkey: Text = ""
    unknown: Unknown = field(default_factory=dict)


@record
class ClientInformation:
    """The client that wants to connect, as the server sees it."""

    host: Text = ""
    id: Annotated[int, integer(UINT64)] = 0
    user: Text = ""
    name: Text = ""
    tags: Texts = ()
    name_tag: Text = ""
    kind: Text = ""
    type: Text = ""
    mqtt_id: Text = ""
    nonce: Text = ""
    unknown: Unknown = field(default_factory=dict)


@record
class ConnectOptions:
    """What the client sent in CONNECT. Some of it is secret, and none of it is shown."""

    jwt: Text = ""
    nkey: Text = ""
    sig: Text = ""
    auth_token: Text = ""
    user: Text = ""
    pass_: Annotated[str, text(name="pass")] = ""
    name: Text = ""
    lang: Text = ""
    version: Text = ""
    protocol: FullInteger = 0
    unknown: Unknown = field(default_factory=dict)

    def __repr__(self) -> str:
        return "ConnectOptions(…)"


Chains: TypeAlias = Annotated[
    tuple[tuple[str, ...], ...],
    Form(
        read=lambda value: read_list(read_texts, value),
        write=lambda chains: [list(chain) for chain in chains],
        missing=tuple,
    ),
]


@record
class ClientTLS:
    """``certs`` are those not verified, in PEM."""

    version: Text = ""
    cipher: Text = ""
    certs: Texts = ()
    verified_chains: Chains = ()
    unknown: Unknown = field(default_factory=dict)


@record
class AuthorizationRequest:
    """A server asks whether a client may connect (ADR-26). Signed by the server."""

    server_id: Annotated[ServerID, nested(ServerID)] = field(default_factory=ServerID)
    user_nkey: FullText = ""
    client_info: Annotated[ClientInformation, nested(ClientInformation)] = field(
        default_factory=ClientInformation
    )
    connect_opts: Annotated[ConnectOptions, nested(ConnectOptions)] = field(
        default_factory=ConnectOptions
    )
    client_tls: Annotated[ClientTLS | None, optional(ClientTLS)] = None
    request_nonce: Text = ""
    tags: Texts = ()
    type: Annotated[str, constant("authorization_request")] = field(
        default="authorization_request", init=False
    )
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)


@record
class AuthorizationResponse:
    """The answer, signed by the account of the callout."""

    jwt: Text = ""
    error: Text = ""
    issuer_account: Text = ""
    tags: Texts = ()
    type: Annotated[str, constant("authorization_response")] = field(
        default="authorization_response", init=False
    )
    version: Version = field(default=VERSION, init=False)
    unknown: Unknown = field(default_factory=dict)
