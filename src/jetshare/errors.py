"""Every error that jetshare raises on purpose, as one tree.

    JetshareError                 exit 1   the base; a message and a hint
    ├── InputError                exit 2   words of the user that cannot be used
    ├── KeyFormatError            exit 2   text that is not the nkey it should be
    ├── TokenError                exit 2   a token, bundle or creds file that is not to be trusted
    │   ├── MalformedToken                 not a token at all, or of the wrong type
    │   ├── TokenTooLarge                  over the size or chunk limit
    │   ├── BadSignature                   signed by another key, or changed after signing
    │   ├── WrongIssuer                    signed by a key that may not sign this
    │   ├── WrongRecipient                 made out to another account
    │   ├── TokenExpired
    │   ├── TokenNotYetValid
    │   └── TokenRevoked
    ├── InvalidDocument           exit 2   a document whose content breaks a rule (carries findings)
    ├── ShareConflict             exit 2   a change that would break what is there
    ├── NotFound                  exit 2   an operator, account, user, share or context
    ├── KeyNotHeld                exit 2   a signing key that is not in the keystore
    ├── StoreError                exit 5   the folder cannot be read or written
    │   ├── StoreLocked
    │   ├── StoreReadOnly
    │   ├── StoreDamaged
    │   ├── StoreTooNew
    │   └── StoreChanged                   another program wrote between our read and our write
    ├── ServerError               exit 4   nats-server as a child process
    │   ├── ServerBinaryMissing
    │   ├── PortTaken
    │   └── ServerDied
    ├── NetworkError              exit 4   a live server that does not do what was asked
    │   ├── Unreachable
    │   ├── AccessRefused
    │   ├── RequestTimeout
    │   │   └── AckUnconfirmed             an acknowledgement that the server did not confirm
    │   ├── NoResponders
    │   │   ├── ShareRevoked               a share that answered before, or never did, is not there
    │   │   └── AckNotShared               acknowledgements reach nobody
    │   ├── ConsumerDeleted                the consumer was deleted or is not there, or its stream
    │   ├── PullRefused                    the consumer answers, and refuses this pull for good
    │   └── ApiRefused                     the JetStream API answers with an error
    ├── Declined                  exit 1   a person was asked, and said no
    ├── AlreadySettled            exit 1   a message that was settled before
    ├── HandlerFailed             exit 1   a program that was given a message and did not handle it
    ├── NotPushed                 exit 3   stored in the folder, but not on every server
    └── ProofFailed               exit 1   the live server shows something else than was promised

The message is one line that names the thing and what is wrong with it; the
hint says what to do. Neither ever holds a seed: what is secret is not passed in.
"""

from __future__ import annotations

from typing import ClassVar


class JetshareError(Exception):
    """Base of the tree. ``str(error)`` is the message; ``error.hint`` says what to do.

    Where nothing better is known at the place of the error, its kind has a usual hint.
    """

    exit_code: ClassVar[int] = 1
    usual_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.usual_hint
        if self.hint:
            self.add_note(f"hint: {self.hint}")  # which a traceback ends with


class InputError(JetshareError):
    exit_code = 2
    usual_hint = "see --help for what can be given here"


class KeyFormatError(JetshareError):
    exit_code = 2
    usual_hint = "give the key whole, and of the right kind: accounts begin with A, users with U"


class TokenError(JetshareError):
    exit_code = 2
    usual_hint = "it was damaged or changed on the way; ask its sender for it again"


class MalformedToken(TokenError):
    pass


class TokenTooLarge(TokenError):
    pass


class BadSignature(TokenError):
    pass


class WrongIssuer(TokenError):
    pass


class WrongRecipient(TokenError):
    pass


class TokenExpired(TokenError):
    pass


class TokenNotYetValid(TokenError):
    pass


class TokenRevoked(TokenError):
    pass


class InvalidDocument(JetshareError):
    """A document breaks a rule. ``findings`` holds ``identity.validate.Finding`` values."""

    exit_code = 2

    def __init__(self, message: str, *, findings: tuple[object, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


class ShareConflict(JetshareError):
    exit_code = 2


class NotFound(JetshareError):
    exit_code = 2


class KeyNotHeld(JetshareError):
    exit_code = 2


class StoreError(JetshareError):
    exit_code = 5


class StoreLocked(StoreError):
    pass


class StoreReadOnly(StoreError):
    pass


class StoreDamaged(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class StoreChanged(StoreError):
    pass


class ServerError(JetshareError):
    exit_code = 4


class ServerBinaryMissing(ServerError):
    pass


class PortTaken(ServerError):
    pass


class ServerDied(ServerError):
    pass


class NetworkError(JetshareError):
    exit_code = 4


class Unreachable(NetworkError):
    pass


class AccessRefused(NetworkError):
    pass


class RequestTimeout(NetworkError):
    pass


class AckUnconfirmed(RequestTimeout):
    pass


class NoResponders(NetworkError):
    pass


class ShareRevoked(NoResponders):
    pass


class AckNotShared(NoResponders):
    pass


class ConsumerDeleted(NetworkError):
    pass


class PullRefused(NetworkError):
    pass


class ApiRefused(NetworkError):
    """``err_code`` is nats-server's number for the error (``errors.json``), 0 without one."""

    def __init__(self, message: str, *, err_code: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.err_code = err_code


class Declined(JetshareError):
    pass


class AlreadySettled(JetshareError):
    pass


class HandlerFailed(JetshareError):
    pass


class NotPushed(JetshareError):
    exit_code = 3


class ProofFailed(JetshareError):
    exit_code = 1
