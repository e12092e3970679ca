"""Who may remove: one process at a time, and nobody while a backup is being made."""

from __future__ import annotations

from typing import Final

HOUSE: Final = 0x77_72_68_6F_75_73
"""Key of the advisory lock: whoever removes holds it alone, whoever makes a backup shares it with others that do."""
