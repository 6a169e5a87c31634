"""Documents that are nearly valid: each breaks few rules of validation, or none."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from jetshare.identity.claims import (
    AccountLimits,
    Body,
    Claims,
    Export,
    ExternalAuthorization,
    Import,
    MsgTrace,
    Permission,
    ServiceLatency,
    TimeRange,
    WeightedMapping,
)
from support.broken.case import (
    ACCOUNT,
    CURVE,
    OPERATOR,
    PROVIDER,
    SIGNER,
    USER,
    account,
    activation,
    operator,
    signed,
    user,
)

# What go and jetshare judge alike: no tabs, and no > before the end.
_TOKENS = st.sampled_from(["a", "a", "b", "b", "*", "*", "$1", "$2", "$x", "a*", "", " "])
SUBJECTS: SearchStrategy[str] = st.builds(
    lambda tokens, rest: ".".join((*tokens, *rest)),
    st.lists(_TOKENS, min_size=1, max_size=3),
    st.sampled_from([(), (), (">",)]),
) | st.sampled_from([">", "*", ""])
_PLAIN = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3).map(".".join)
_TYPES = st.sampled_from(["stream", "service", "service", "service", ""])
_KEYS = st.sampled_from([USER.public, ACCOUNT.public, OPERATOR.public, "*", "A"])

_URL_PARTS = st.lists(
    st.sampled_from(
        [*"/:@?#[] é", "//", "u:p@", "[::1]", "host", "1.2.3.4", ":4222", ":x", "%41", "%zz"]
    ),
    max_size=4,
).map("".join)
_URLS = st.builds("{}{}".format, st.sampled_from(["nats://", "TLS://", "x:", ""]), _URL_PARTS)


def near_misses() -> SearchStrategy[Claims[Body]]:
    return st.one_of(
        _with_exports(), _with_imports(), _with_tokens(), _with_mappings(), _others(), *_outside()
    )


def _with_exports() -> SearchStrategy[Claims[Body]]:
    latencies = st.builds(
        ServiceLatency, sampling=st.sampled_from(["headers", 1, 100]), results=_PLAIN
    )
    exports = st.builds(
        Export,
        subject=_PLAIN | SUBJECTS,
        type=_TYPES,
        response_type=st.sampled_from(["", "", "Singleton", "Stream", "Chunked", "stream"]),
        response_threshold=st.sampled_from([0, 0, 0, 1, -1]),
        service_latency=st.none() | latencies,
        account_token_position=st.sampled_from([0, 0, 0, 1, 2, 3]),
        allow_trace=st.booleans(),
    )
    plain = st.builds(Export, subject=_PLAIN, type=st.sampled_from(["stream", "service"]))
    limits = st.builds(
        AccountLimits, exports=st.integers(-1, 4), imports=st.just(-1), wildcards=st.booleans()
    )
    return st.builds(
        lambda listed, limits: account(exports=tuple(listed), limits=limits),
        st.lists(exports, max_size=1) | st.lists(plain, max_size=5),
        limits,
    )


def _with_imports() -> SearchStrategy[Claims[Body]]:
    renamed = st.builds(
        Import,
        subject=_PLAIN | SUBJECTS,
        local_subject=st.just("") | SUBJECTS,
        to=st.sampled_from(["", "", "", "c"]),
        type=_TYPES,
        account=st.sampled_from([PROVIDER.public, SIGNER.public, "", "A"]),
        share=st.booleans(),
        allow_trace=st.booleans(),
    )
    plain = st.builds(
        Import,
        subject=_PLAIN,
        type=st.sampled_from(["stream", "service"]),
        account=st.sampled_from([PROVIDER.public, SIGNER.public]),
    )
    return st.builds(
        lambda listed, allowed: account(
            imports=tuple(listed), limits=AccountLimits(imports=allowed)
        ),
        st.lists(renamed, max_size=1) | st.lists(plain, max_size=5),
        st.integers(-1, 4),
    )


def _with_tokens() -> SearchStrategy[Claims[Body]]:
    imports = st.builds(
        Import,
        subject=_PLAIN,
        type=st.sampled_from(["stream", "service"]),
        account=st.sampled_from([PROVIDER.public, SIGNER.public]),
        to=st.sampled_from(["", "", "a"]),
        token=st.builds(
            _token,
            st.sampled_from(["a.b", "a.*", "a", "*", ">", "a.>", "*.>", "a b"]),
            st.sampled_from(["stream", "service"]),
            st.sampled_from(["", PROVIDER.public, "A"]),
            by_provider=st.booleans(),
        )
        | st.sampled_from(["", "x.y.z"]),
    )
    return st.builds(lambda one: account(imports=(one,)), imports)


@cache
def _token(subject: str, kind: str, issuer_account: str, *, by_provider: bool) -> str:
    claims = activation(subject=subject, kind=kind, issuer_account=issuer_account)
    return signed(claims, PROVIDER if by_provider else SIGNER)


def _with_mappings() -> SearchStrategy[Claims[Body]]:
    destinations = st.builds(
        WeightedMapping,
        subject=_PLAIN | SUBJECTS,
        weight=st.sampled_from([0, 1, 30, 40, 50, 100, 101, 255]),
        cluster=st.sampled_from(["", "", "east", "west"]),
    )
    return st.builds(
        lambda held: account(mappings=held),
        st.dictionaries(
            _PLAIN | SUBJECTS, st.lists(destinations, max_size=4).map(tuple), max_size=2
        ),
    )


def _others() -> SearchStrategy[Claims[Body]]:
    keys = st.lists(_KEYS, max_size=2).map(tuple)
    authorizations = st.builds(
        ExternalAuthorization,
        auth_users=st.sampled_from([(), (USER.public,), (USER.public, "*")]),
        allowed_accounts=st.sampled_from([(), ("*",), (PROVIDER.public,), ("*", "*"), ("A",)]),
        xkey=st.sampled_from(["", "", CURVE.public, "X"]),
    )
    traces = st.builds(MsgTrace, dest=_PLAIN | SUBJECTS, sampling=st.integers(-1, 101))
    return st.one_of(
        st.builds(lambda held: account(authorization=held), authorizations),
        st.builds(lambda held: account(trace=held), traces),
        st.builds(lambda held: account(signing_keys=held), keys),
        st.builds(lambda held: account(info_url=held), _URLS),
    )


def _outside() -> list[SearchStrategy[Claims[Body]]]:
    """Users and operators."""
    entries = st.lists(_PLAIN | SUBJECTS, min_size=1, max_size=3).map(" ".join)
    permissions = st.builds(Permission, allow=st.lists(entries, max_size=1).map(tuple))
    numbers = st.sampled_from(["0", "1", "255", "256", "32", "33", "::", ":", ".", "/", "/8", "a"])
    networks = st.lists(numbers, max_size=7).map("".join) | st.sampled_from(
        ["10.0.0.0/8", "::/0", "::1/128", "::ffff:1.2.3.4/99", "1.2.3.4/032", "fe80::1%a/64"]
    )
    hours = st.sampled_from(
        [
            *("00:00:00", "7:00:00", "23:59:59", "08:00:00.5", "08:00:00,12", "20:00:00"),
            *("24:00:00", "08:60:00", "08:00:60", "8:0:00", "08:00", "08:00:00.", "8:00:00 ", ""),
        ]
    )
    return [
        st.builds(lambda held: user(pub=held), permissions),
        st.builds(lambda held: user(sub=held), permissions),
        st.builds(lambda held: user(src=(held,)), networks),
        st.builds(lambda one, two: user(times=(TimeRange(start=one, end=two),)), hours, hours),
        st.builds(lambda held: user(issuer_account=held), _KEYS),
        st.builds(lambda held: operator(operator_service_urls=(held,)), _URLS),
        st.builds(lambda held: operator(account_server_url=held), _URLS),
        st.builds(lambda held: operator(signing_keys=(held,), system_account=held), _KEYS),
        st.builds(
            lambda held: operator(assert_server_version=".".join(held)),
            st.lists(st.sampled_from(["2", "10", "0", "00", "x", "-1"]), min_size=2, max_size=4),
        ),
    ]
