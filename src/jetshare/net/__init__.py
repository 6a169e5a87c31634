"""Documents and messages in flight on a live server."""
