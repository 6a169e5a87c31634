"""What goes wrong with shares: one rule a failure, as data and a pure function. No I/O."""
