"""One file a verb: each joins the store, the network and the pure rules."""
