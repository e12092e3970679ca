"""Tools for GitHub: reading by REST and GraphQL, and writing what belongs to everybody."""
