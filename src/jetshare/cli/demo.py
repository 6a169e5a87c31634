"""``jetshare demo``"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click

from jetshare.cli.options import run
from jetshare.cli.output import emit_json, note, proof_lines, say
from jetshare.errors import InputError, ProofFailed
from jetshare.server.binary import find_binary
from jetshare.workflows.demo import Step, demo_on_server

EPILOG = """\b
Example:
  jetshare demo --keep /tmp/jetshare-demo
"""


@click.command("demo", epilog=EPILOG)
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="DIR", help="Keep its files in DIR."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(keep: Path | None, as_json: bool) -> int:
    """Run the whole life of a share on an embedded nats-server: grant, accept, pull,
    verify, revoke, each proven.

    Exit 0 only if every proof held. Leaves no process, and no file but with --keep.
    """
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise InputError(f"{keep} is not empty", hint="name a new folder")
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        return run(_demo(keep, as_json, kept=True))
    with tempfile.TemporaryDirectory(prefix="jetshare-demo-") as folder:
        return run(_demo(Path(folder), as_json, kept=False))


async def _demo(folder: Path, as_json: bool, *, kept: bool) -> int:
    binary = find_binary(os.environ)
    started = time.monotonic()
    steps: list[Step] = []
    failure = ""
    try:
        async for step in demo_on_server(folder, binary):
            steps.append(step)
            if not as_json:
                _say(len(steps), step)
    except ProofFailed as error:
        failure = str(error)
    took_s = time.monotonic() - started
    proofs = [proof for step in steps for proof in step.proofs]
    if as_json:
        emit_json(
            {
                "held": not failure,
                "failure": failure,
                "took_ms": round(took_s * 1000, 1),
                "steps": [step.to_json() for step in steps],
            }
        )
    elif failure:
        note(f"jetshare: error: {failure}")
    else:
        held = sum(1 for proof in proofs if proof.held)
        click.echo(f"\nEvery proof held: {held} of {held}, in {took_s:.1f} s.")
    if kept and not as_json:
        click.echo(f"Kept: {folder}")
    return 1 if failure else 0


def _say(number: int, step: Step) -> None:
    say(f"{number}. {step.title}  [{step.took_ms:.0f} ms]")
    for line in step.seen:
        say(f"   {line}")
    for line in proof_lines(step.proofs):
        say(f"   {line}")
