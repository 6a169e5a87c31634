"""The command line as a process: ``jetshare``, and ``python -m jetshare``."""

import sys

from jetshare.cli.process import exit_code


def main() -> None:
    """Run the command line of this process, and exit."""
    sys.exit(exit_code("jetshare.cli.main"))


if __name__ == "__main__":
    main()
