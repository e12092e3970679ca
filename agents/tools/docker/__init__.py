"""Tools that ask a Docker daemon."""
