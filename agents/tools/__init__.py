"""The typed tools that come with the platform, one module each."""
