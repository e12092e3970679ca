"""The verbs of the platform, one function each: ``async (unit of work, actor, command) -> what changed``."""
