"""The peer: PostGraphile 5 from npm, on the database that WrenchAI uses."""
