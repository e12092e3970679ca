"""Vectors of texts, by a small model on this machine where the extra ``embeddings`` is installed."""

from server.embedding.minilm import MiniLm

__all__ = ["MiniLm"]
