"""Programs for those who work on WrenchAI; none of them is shipped."""
