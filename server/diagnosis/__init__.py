"""What is installed, missing or misconfigured on this machine, each with the command that mends it."""

from server.diagnosis.check import Check, Health
from server.diagnosis.diagnose import diagnose

__all__ = ["Check", "Health", "diagnose"]
