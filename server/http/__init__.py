"""The HTTP application: GraphQL, the console, health, artifacts and the pages about errors."""
