"""What Amazon tells us: reports, lookups and reads, as observations and answers."""
