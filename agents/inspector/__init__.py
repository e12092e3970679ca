"""The Inspector: audits the code of a source with real engines under our own configuration."""
