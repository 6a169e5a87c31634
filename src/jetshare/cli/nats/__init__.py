"""The face of ``nats``: its words and its output, over jetshare's own parts."""
