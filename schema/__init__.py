"""The GraphQL contract: types, inputs, payloads, errors, scalars and the roots, over what the resolvers answer."""

from schema import enums as enums  # before any type names one of them: an enum is defined at its first use
