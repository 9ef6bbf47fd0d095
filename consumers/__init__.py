"""Topics → the outside world: Postgres, Amazon."""
