"""The command line as a process: ``jetshare``, and ``python -m jetshare``.

It begins before its modules are there, and Ctrl-C may come while they are loaded. Then
there is nobody yet to say "interrupted", so the process ends with that exit code alone.
What comes while Python itself starts, in the first hundredth of a second, is Python's.
"""

import os
import sys

_INTERRUPTED = 130

try:
    import signal
except KeyboardInterrupt:
    os._exit(_INTERRUPTED)


def main() -> None:
    """Run the command line of this process, and exit."""
    # Where Ctrl-C is ignored, as in a script's background job, it stays ignored.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, _leave)
    from jetshare.cli.main import run

    try:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run(sys.argv[1:])
        if heeded:
            signal.signal(signal.SIGINT, _leave)  # all is said, and Python's own end is left
    except KeyboardInterrupt:  # a second one, while the first was told
        os._exit(_INTERRUPTED)
    sys.exit(code)


def _leave(_signal: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
