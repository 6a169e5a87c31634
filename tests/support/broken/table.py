"""Documents that break one rule of validation each, beside others that break none."""

from __future__ import annotations

from typing import Final

from support.broken.accounts import account_cases
from support.broken.case import Case
from support.broken.documents import document_cases, operator_cases
from support.broken.exports import export_cases
from support.broken.imports import import_cases
from support.broken.users import user_cases

TABLE: Final[tuple[Case, ...]] = (
    *document_cases(),
    *operator_cases(),
    *account_cases(),
    *export_cases(),
    *import_cases(),
    *user_cases(),
)
