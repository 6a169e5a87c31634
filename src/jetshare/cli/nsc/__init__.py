"""``nsc``: the words of NATS' own tool for identity documents, on jetshare's functions.

Flags and commands are those of nsc 2.13. Parsing is done here and not with click: a
script calls nsc many times, so a start must cost little, and the flags follow the rules
of Go's pflag.
"""
