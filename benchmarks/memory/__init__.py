"""How fast memories are found among 10,000, and how well."""
