"""The process between jetshare and nats-server, so that no server outlives jetshare.

It starts the server and ends with it, by the server's exit code. Its standard input is
a pipe that jetshare holds open and never writes to. However jetshare ends, ``kill -9``
included, the kernel closes the pipe, and the guard ends the server. A normal stop is
the same thing: jetshare closes the pipe.

Only the child's parent can do this without a race for a process id that has been given
to another process. The kernel's own means (PR_SET_PDEATHSIG) is Linux's alone, and
watches the thread that forked and not the process.

Run as a file and not as a module, with nothing but what the interpreter has at hand:
it costs 20 ms of a server's start.
"""

import signal
import subprocess
import sys
import threading

# A server with streams writes what it has in memory; after this it is not going to end.
GRACE_S = 10.0


def main(command: list[str]) -> int:
    # The server inherits the lock on its folder, and so holds it for as long as it lives.
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: server.terminate())
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    return server.wait()


def _end_with_parent(server: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
