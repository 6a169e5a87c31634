"""Documents at rest: nsc's folder, a memory store, nats contexts."""
