"""The command lines that several rules give as a cure."""

from __future__ import annotations

GRANT_AGAIN = (
    "jetshare grant {share} --from {provider} --to {whom} --expires {end} -o {bundle}",
    "jetshare accept {bundle} --account {importer} --yes",
)
"""New tokens, that end as the old ones, and every export and import that is missing."""

LOAD_AGAIN = (
    "nsc edit account --name {importer} --description 'pushed again'",
    "nsc push --account {importer}",
)
"""Servers load an account again only for a document that is another one than before."""

PUSH_BOTH = ("nsc push --account {provider}", "nsc push --account {importer}")
PUSH_PROVIDER = ("nsc push --account {provider}",)
PUSH_IMPORTER = ("nsc push --account {importer}",)

EXPORT_SERVICE = "nsc add export --account {provider} --service --private --subject {subject}"
EXPORT_NEXT = f"{EXPORT_SERVICE} --response-type Stream"
"""In its place for NEXT, of which every pull gets several replies."""
EDIT_EXPORT = "jetshare nsc edit export --account {provider} --subject {subject}"
PUSH_EDITED = ("jetshare nsc push --account {provider}",)
EXPORT_ANEW = (
    "nsc delete export --account {provider} --subject {subject}",
    "nsc add export --account {provider} --subject {subject} {all_that_it_is_to_have}",
    "nsc revocations add-activation --account {provider} --service --subject {subject}"
    " --target-account {who} --at {at}",
    *PUSH_PROVIDER,
)
"""As `remaking` makes them for one export."""
ACTIVATE = (
    "nsc generate activation --account {provider} --subject {subject}"
    " --target-account {whom} --expiry {end} --output-file {share_file}"
)
"""An --expiry or --expires without an end is left out: what had none gets none."""
IMPORT = "nsc add import --account {importer} --token {share_file} --local-subject {local}"
IMPORT_PUBLIC = (
    "nsc add import --account {importer} --src-account {provider_key} --service"
    " --remote-subject {subject} --local-subject {local}"
)
"""In place of the two above where the export asks for no token."""
DELETE_IMPORT = (
    "nsc delete import --account {importer} --src-account {provider_key} --subject {subject}"
)
IMPORT_AGAIN = (DELETE_IMPORT, ACTIVATE, IMPORT, *PUSH_BOTH)
"""Take an import out and put it back with a new token and the right local name."""
