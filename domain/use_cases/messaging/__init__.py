"""Sending messages, taking them, waiting for them, and what becomes of those that nobody takes."""
