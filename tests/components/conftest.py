"""The mocked engine, for every file here."""

from tests.components.test_components import engine

__all__ = ["engine"]
