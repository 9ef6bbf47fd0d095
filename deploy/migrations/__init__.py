"""How the database came to be: Alembic's environment, run by `deploy/connect/postgres.py`."""
