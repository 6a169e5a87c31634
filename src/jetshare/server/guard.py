"""The process between jetshare and nats-server, so that no server outlives jetshare.

It starts the server and ends with it, by the server's exit code. Its standard input is
a pipe that jetshare holds open and never writes to. However jetshare ends, ``kill -9``
included, the kernel closes the pipe, and the guard ends the server. A normal stop is
the same thing: jetshare closes the pipe.

Only the server's parent can do this without a race for a process id that has been given
to another process. The kernel's own means (PR_SET_PDEATHSIG) is Linux's alone, and
watches the thread that forked and not the process.

Run as a file and not as a module, with nothing but what the interpreter has at hand:
it costs a server's start 20 ms.
"""

import os
import signal
import subprocess
import sys
import threading

# A server with streams writes what it has in memory; after this it is not going to end.
GRACE_S = 10.0
_CANNOT_START = 127  # as the shell says it


def main(command: list[str]) -> int:
    try:
        # The server inherits the lock on its folder, and so holds it for as long as it lives.
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    except OSError as error:
        sys.stderr.write(f"nats-server: {command[0]} does not start: {error.strerror}\n")
        return _CANNOT_START
    signal.signal(signal.SIGTERM, lambda _signal, _frame: server.terminate())
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    status = server.wait()
    if status >= 0:
        return status
    sys.stderr.write(f"nats-server: killed by signal {-status}\n")
    return 128 - status  # as the shell says it


def _end_with_parent(server: subprocess.Popen[bytes]) -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the other end is closed
    server.terminate()
    try:
        server.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
