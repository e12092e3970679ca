"""The runtime that carries agents: queue, workers, segments, and the context an agent works in."""
