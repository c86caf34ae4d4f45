"""The schema's history: SQL in ``sql/``, one thin Alembic revision each in ``versions/``."""
