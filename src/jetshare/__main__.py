"""``python -m jetshare`` is the command line."""

from jetshare.cli.main import main

if __name__ == "__main__":
    main()
