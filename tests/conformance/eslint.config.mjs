// The schema against graphql-eslint's recommended and Relay rules, and the console's examples as operations.
import graphql from "@graphql-eslint/eslint-plugin";

const { SCHEMA, DOCUMENTS } = process.env;
const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: SCHEMA, documents: `${DOCUMENTS}/*.graphql` } },
};

export default [
  {
    files: ["**/schema.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions,
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // What is persisted is a Node and has an id; events, payloads and values have no identity to be cached under.
      "@graphql-eslint/strict-id-in-types": "off",
      // Lists that are short by nature, such as the errors of a payload, and the `nodes` of a connection are plain.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // Not for directives: the only one is @oneOf, which GraphQL's specification describes.
      "@graphql-eslint/require-description": ["error", { types: true, rootField: true, FieldDefinition: true }],
    },
  },
  {
    files: ["**/examples/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions,
    rules: {
      ...graphql.configs["flat/operations-recommended"].rules,
      // For clients with a normalised cache; the examples are read by people, in the console.
      "@graphql-eslint/require-selections": "off",
    },
  },
];
