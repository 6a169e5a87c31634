"""Launchers with which scripts that call nsc run on jetshare."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.cli import Jetshare, environment


def test_a_script_that_calls_nsc_runs_as_it_is(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    folder = tmp_path / "my bin's"
    done = jetshare_cli("shims", folder)
    assert done.exit == 0
    assert done.stdout.splitlines() == [str(folder / "nsc"), str(folder / "nats")]
    for name in ("nsc", "nats"):
        assert (folder / name).stat().st_mode & 0o777 == 0o755
    script = 'set -e\nnsc add operator OP --sys\nnsc add account "$NAME"\nnsc list accounts -J\n'
    ran = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        env=environment({"PATH": f"{folder}:{os.environ['PATH']}", "NAME": "A B"}),
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert '"name": "A B"' in ran.stdout


def test_a_launcher_is_not_led_astray_by_files_around_it(
    jetshare_cli: Jetshare, tmp_path: Path
) -> None:
    jetshare_cli("shims", tmp_path / "bin")
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "jetshare.py").write_text("raise SystemExit('trapped')")
    ran = subprocess.run(
        [tmp_path / "bin/nsc", "--version"], capture_output=True, text=True, cwd=trap, check=False
    )
    assert ran.stdout.startswith("nsc of jetshare")


def test_a_folder_that_cannot_be(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = jetshare_cli("shims", tmp_path / "file")
    assert done.exit == 2
    assert "cannot be written to" in done.stderr


def test_another_program_of_that_name_is_never_replaced(
    jetshare_cli: Jetshare, tmp_path: Path
) -> None:
    real = tmp_path / "real-nats"
    real.write_text("the real one")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "nats").symlink_to(real)
    done = jetshare_cli("shims", folder)
    assert done.exit == 2
    assert "nats is there already" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["nats"]
    assert jetshare_cli("shims", folder, "--force").exit == 0
    assert real.read_text() == "the real one"
    assert not (folder / "nats").is_symlink()
    again = jetshare_cli("shims", folder, "--json")  # launchers of ours are renewed
    assert again.json() == {"launchers": [str(folder / "nsc"), str(folder / "nats")]}
