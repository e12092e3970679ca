"""The platform's rules and nouns in pure Python: no SQL, no HTTP, no GraphQL, no clock, no randomness of its own."""
