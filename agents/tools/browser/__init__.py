"""Tools that drive a Chromium."""
