"""Measurements, each as a ratio against a peer or a limit that is taken in the same run."""
