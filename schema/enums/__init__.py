"""The enums of the domain, with a description for each of their values."""

from schema.enums import errors, judgement, talking, tools, work
from schema.enums.work import CountRelation

__all__ = ["CountRelation", "errors", "judgement", "talking", "tools", "work"]
