from __future__ import annotations

from pathlib import Path

from support.cli import Jetshare
from support.seed_guard import SeedGuard
from support.seeds import MARKER_SEED


def test_a_command_ends_with_what_it_printed(jetshare_cli: Jetshare) -> None:
    shown = jetshare_cli("--version")
    assert (shown.exit, shown.stderr) == (0, "")
    assert shown.stdout.startswith("jetshare ")


def test_a_command_has_a_home_of_its_own(jetshare_cli: Jetshare, fresh_home: Path) -> None:
    listed = jetshare_cli("ls")
    assert listed.exit == 2
    assert str(fresh_home) in listed.stderr


def test_what_a_command_prints_is_guarded(
    jetshare_cli: Jetshare, seed_guard: SeedGuard, tmp_path: Path
) -> None:
    seed_guard.may_hold_seed(tmp_path)  # Python joins the halves when it compiles them
    careless = tmp_path / "jetshare"
    careless.mkdir()
    (careless / "__init__.py").touch()
    halves = f"{MARKER_SEED[:30]!r} + {MARKER_SEED[30:]!r}"
    (careless / "__main__.py").write_text(f"print({halves})")
    jetshare_cli("grant", env={"PYTHONPATH": str(tmp_path)})
    (leak,) = seed_guard.take()
    assert str(leak) == f"the stdout of jetshare grant shows seed {MARKER_SEED[:6]}…"
