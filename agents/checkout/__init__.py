"""An execution's own snapshot of a source: of a local folder or of a git URL, made without running anything of it."""

from agents.checkout.policy import CheckoutPolicy, SourceUnavailable
from agents.checkout.prepare import prepare
from agents.checkout.removal import remove

__all__ = ["CheckoutPolicy", "SourceUnavailable", "prepare", "remove"]
