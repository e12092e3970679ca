"""The composition root: settings, wiring, transports, worker and command line."""

__version__ = "0.1.0"
