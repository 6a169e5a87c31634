"""Keys, tokens and the documents they sign. Pure: no clock, disk, network or environment."""
