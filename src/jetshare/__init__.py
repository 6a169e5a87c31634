"""Share a JetStream pull consumer with another account, and prove it."""
