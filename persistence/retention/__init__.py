"""Retention: what is old enough to go, removed in small batches."""
