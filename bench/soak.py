"""Does every message arrive while everything breaks?

Messages through a share, with pushes of the provider's account, restarts of the server and
handlers that fail; at the end the counts of stream, consumer and application must agree.
The whole of it: ``bench/soak.py --messages 2000000 --pushes 40 --restarts 20``.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.soak import Plan, soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--pushes", type=int, default=4)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--failures", type=float, default=0.001, help="share of handlings")
    parser.add_argument("--seconds", type=float, help="the longest it may take")
    parser.add_argument("--seed", type=int, default=1)
    words = vars(parser.parse_args())
    # Ten times what it takes on a slow machine, so that it always ends.
    words["seconds"] = words["seconds"] or 60 + words["messages"] / 1_000
    plan = Plan(**words)
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(soak(Path(folder), plan))
    print(
        f"{outcome.stored:,} messages stored, {outcome.acknowledged:,} acknowledged,"
        f" {outcome.handled:,} handled, in {outcome.seconds:.0f} s\n"
        f"{outcome.pushes} pushes, {outcome.restarts} restarts, {outcome.failed} failures;"
        f" {outcome.again:,} deliveries again, {outcome.unannounced} of them unannounced"
    )
    agree = outcome.stored == outcome.acknowledged == outcome.handled == plan.messages
    if not agree or outcome.unannounced:
        sys.exit("the counts do not agree")


if __name__ == "__main__":
    main()
