"""``python -m jetshare.cli.nsc``, which is what the launcher ``nsc`` runs."""

import sys

from jetshare.cli.nsc.main import run

sys.exit(run(sys.argv[1:]))
