"""What a share is and how it changes documents. Pure: no clock, disk, network or environment."""
