"""Topics → Postgres: what people and tools ask about, and what has been read so far."""
