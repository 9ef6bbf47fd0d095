"""Amazon's stand-in: a stateful Selling Partner API on loopback (`amazon.md` 14)."""
