"""``python -m jetshare.cli.nsc``, which is what the launcher ``nsc`` runs.

Scripts run nsc hundreds of times, so a command's start and end count. Python looks for
cycles of dead objects while modules load, and takes everything down piece by piece at the
end: together that is a quarter of the time of ``nsc add export``. A command is over before
dead objects add up, and the system takes its memory back at once.
"""

import gc
import os
import sys

from jetshare.cli.process import exit_code


def main() -> None:
    gc.set_threshold(100_000)
    code = exit_code("jetshare.cli.nsc.main")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


main()
