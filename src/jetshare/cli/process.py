"""A command line as a process, from before its modules are there to its end.

Ctrl-C may come while they are loaded. Then there is nobody yet to say "interrupted", so the
process ends with that exit code alone. What comes while Python itself starts, in the first
hundredth of a second, is Python's.
"""

import os
import sys

_INTERRUPTED = 130

try:
    import signal
    from importlib import import_module
except KeyboardInterrupt:
    os._exit(_INTERRUPTED)


def exit_code(module: str) -> int:
    """What ``run`` of ``module``, a command line, makes of this process's words.

    Ctrl-C is its own to tell of while it runs; before and after, it ends the process.
    """
    # Where Ctrl-C is ignored, as in a script's background job, it stays ignored.
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, _leave)
    run = import_module(module).run
    try:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code: int = run(sys.argv[1:])
        if heeded:
            signal.signal(signal.SIGINT, _leave)  # all is said, and Python's own end is left
    except KeyboardInterrupt:  # a second one, while the first was told
        os._exit(_INTERRUPTED)
    return code


def _leave(_signal: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)
