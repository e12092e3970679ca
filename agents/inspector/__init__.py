"""The Inspector: audits the Python code of a source with real engines under our own configuration."""
