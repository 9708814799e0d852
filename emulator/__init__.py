"""An Entra and a Zoom on loopback, as strict as the real ones, for the demo and the tests."""

from .emulator import DEFAULT_TENANT, Emulator
from .faults import Fault

__all__ = ["DEFAULT_TENANT", "Emulator", "Fault"]
