"""The house keeps its shape: docs/architecture.md, held by reading every file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
SRC: Final = ROOT / "src" / "jetshare"
SOURCES: Final = sorted(SRC.rglob("*.py"))
PYTHON: Final = sorted(
    path for folder in ("src", "tests", "bench") for path in (ROOT / folder).rglob("*.py")
)

# Arrows run down only: a part may import what has a smaller number, and itself.
# Parts of one number do not import one another.
LAYERS: Final = {
    "errors": 0,
    "identity": 1,
    "editing": 2,
    "sharing": 3,
    "store": 4,
    "net": 4,
    "server": 4,
    "workflows": 5,
    "cli": 6,
    "script": 7,  # stands on the client
    "__main__": 7,
    # The public face: names of every part, loaded when they are asked for.
    "__init__": 8,
}
# A module at the top level that is not named above is a public one, over the workflows.
PUBLIC: Final = 6

PURE: Final = ("identity", "editing", "sharing")
TOUCHES_THE_WORLD: Final = frozenset(
    {
        "asyncio",
        "fcntl",
        "fileinput",
        "getpass",
        "glob",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "random",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
        "uuid",
    }
)
IMPURE_CALLS: Final = frozenset({"now", "utcnow", "today", "open", "print", "input"})
KEYS_ARE_GENERATED_IN: Final = "identity/nkeys.py"

# Heavy or telling libraries, and the parts that may import them.
AT_HOME: Final = {
    "nats": {"net"},
    "nacl": {"identity"},
    "click": {"cli"},
    "uvloop": {"cli", "net"},
}

MAX_LINES: Final = 400
LONGER: Final = {
    "src/jetshare/identity/claims.py": "the documents of the field are one vocabulary",
}
VAGUE_NAMES: Final = frozenset({"utils", "util", "helpers", "common", "base", "models", "misc"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An absolute import: ``module`` where it stands, and whether only types need it."""

    module: str
    line: int
    for_types: bool


def part(path: Path) -> str:
    """The folder or top-level module of jetshare that a file belongs to."""
    return path.relative_to(SRC).with_suffix("").parts[0]


def layer(name: str) -> int:
    return LAYERS.get(name, PUBLIC)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), path)


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, at its top or inside; relative ones made absolute."""
    module = tree(path)
    for_types = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    package = ("jetshare", *path.relative_to(SRC).parts[:-1])
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*above, *filter(None, [node.module])))
            # `from jetshare import errors` imports a module too.
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(module=name, line=node.lineno, for_types=id(node) in for_types)


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_there_are_files_to_look_at() -> None:
    assert {"identity", "sharing", "store", "net", "server", "workflows", "cli"} <= {
        part(path) for path in SOURCES
    }


def test_arrows_run_down_only() -> None:
    wrong = []
    for path in SOURCES:
        own = part(path)
        for found in imports(path):
            names = found.module.split(".")
            if names[0] != "jetshare" or len(names) == 1:
                continue
            other = names[1]
            if other != own and layer(other) >= layer(own):
                wrong.append(f"{at(path, found.line)} imports {found.module}")
    assert wrong == []


def test_errors_import_nothing_of_jetshare() -> None:
    assert [i.module for i in imports(SRC / "errors.py") if i.module.startswith("jetshare")] == []


def test_the_pure_parts_touch_no_world() -> None:
    wrong = []
    for path in SOURCES:
        if part(path) not in PURE:
            continue
        for found in imports(path):
            names = found.module.split(".")
            roots = {names[0], ".".join(names[:2])}
            generates = "secrets" in roots and not path.match(KEYS_ARE_GENERATED_IN)
            if roots & TOUCHES_THE_WORLD or generates:
                wrong.append(f"{at(path, found.line)} imports {found.module}")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and _called(node) in IMPURE_CALLS:
                wrong.append(f"{at(path, node.lineno)} calls {ast.unparse(node.func)}")
    assert wrong == []


def _called(node: ast.Call) -> str:
    """``open`` and ``datetime.now``, but not ``key.open``: that is a method of ours."""
    match node.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name):
            return name
        case _:
            return ""


def test_libraries_stay_at_home() -> None:
    wrong = [
        f"{at(path, found.line)} imports {found.module}"
        for path in SOURCES
        for found in imports(path)
        if not found.for_types
        and part(path) not in AT_HOME.get(found.module.split(".")[0], {part(path)})
    ]
    assert wrong == []


def test_only_the_faces_read_the_environment() -> None:
    readers = re.compile(r"\bos\.(environb?|getenvb?)\b|\bfrom os import .*\b(environ|getenv)\b")
    wrong = [
        at(path, number)
        for path in SOURCES
        if part(path) not in ("cli", "client")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if readers.search(line)
    ]
    assert wrong == []


def test_files_are_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in PYTHON
    }
    long = {name for name, lines in lengths.items() if lines > MAX_LINES}
    assert long - LONGER.keys() == set(), "split it, or give the reason in LONGER"
    assert LONGER.keys() - long == set(), "short by now: strike it from LONGER"


def test_names_say_something() -> None:
    assert [path for path in PYTHON if VAGUE_NAMES & {path.stem, path.parent.name}] == []


def test_no_file_speaks_of_one_machine() -> None:
    """Paths of a person's or a build machine's own folders have no place in the project."""
    personal = re.compile(r"(?<![\w.~])/(?:root|home/\w+|Users/\w+|work|tmp/ref)/")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    wrong = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue  # deleted, and not committed yet
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if personal.search(line):
                wrong.append(at(path, number))
    assert wrong == []


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        pytest.param("import jetshare", {"asyncio", "click", "nacl", "nats"}, id="import"),
        pytest.param(
            "from jetshare.cli.main import run; run(['--help'])",
            {"asyncio", "nacl", "nats"},
            id="help",
        ),
    ],
)
def test_what_is_not_needed_is_not_imported(statement: str, unwanted: set[str]) -> None:
    code = f"import sys; {statement}; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert unwanted & set(done.stderr.split()) == set()
