"""The GraphQL contract: types, inputs, payloads, errors, scalars and the roots, over what the resolvers answer."""
