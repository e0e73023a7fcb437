"""Alembic's folder: one file a step, each moving both databases."""
