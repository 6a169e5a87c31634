"""Names of operators, accounts and users, which are names of files as well."""

from __future__ import annotations

from collections.abc import Iterable

from jetshare.errors import InputError, NotFound

_LIMIT = 240  # a file name holds 255 bytes, and ".creds" or ".jwt" is added to ours


def check_name(what: str, name: str) -> str:
    """``name``, or InputError where it could not be a file of its own in the store."""
    hint = "use letters, digits, - and _"
    if not name:
        raise InputError(f"the name of the {what} is empty", hint=hint)
    if len(name.encode("utf-8", "surrogatepass")) > _LIMIT:
        raise InputError(f"the name of the {what} is longer than {_LIMIT} bytes", hint=hint)
    if name.startswith("."):
        raise InputError(f'{what} name "{_shown(name)}" begins with a dot', hint=hint)
    if name != name.strip():
        raise InputError(f'{what} name "{_shown(name)}" begins or ends with a space', hint=hint)
    for char in name:
        if char in "/\\" or not char.isprintable():
            raise InputError(f'{what} name "{_shown(name)}" holds {char!r}', hint=hint)
    return name


def is_name(name: str) -> bool:
    """Whether a file may be looked for under ``name``. Other tools take more than we do."""
    return bool(name) and name not in (".", "..") and not any(char in "/\\\0" for char in name)


def check_free(what: str, name: str, taken: Iterable[str]) -> None:
    """InputError where ``taken`` holds the same name in other letters' case.

    On file systems that do not tell the cases apart the two would share one file.
    """
    folded = name.casefold()
    for other in taken:
        if other != name and other.casefold() == folded:
            raise InputError(
                f'{what} name "{name}" differs from "{other}" by upper and lower case only',
                hint="choose another name",
            )


def not_found(
    what: str, name: str, known: Iterable[str], *, where: str, make: str = ""
) -> NotFound:
    """A NotFound that names the nearest of ``known``; ``make`` says how to get a first one."""
    from difflib import get_close_matches  # only an error needs it

    by_fold = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.5)
    if near:
        hint = f'did you mean "{by_fold[near[0]]}"?'
    elif by_fold:
        some = sorted(by_fold.values())[:8]
        hint = f"there are: {', '.join(some)}{', …' if len(by_fold) > len(some) else ''}"
    else:
        hint = make or f"there is no {what} yet"
    return NotFound(f'{what} "{_shown(name)}" is not in {where}', hint=hint)


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:80])
