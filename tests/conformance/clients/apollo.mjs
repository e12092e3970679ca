import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { authorization, run, socketUrl, url, WATCH, watchWithRetries } from "./flow.mjs";

const socket = createClient({ url: socketUrl, connectionParams: { authorization }, retryAttempts: 0 });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url, headers: { authorization } }),
  ),
  defaultOptions: { query: { errorPolicy: "all" }, mutate: { errorPolicy: "all" } },
});

async function request(text, variables) {
  const document = gql(text);
  const isMutation = document.definitions[0].operation === "mutation";
  const { data, error } = await (isMutation
    ? client.mutate({ mutation: document, variables })
    : client.query({ query: document, variables }));
  if (error && !error.errors) throw error;
  return { data, codes: (error?.errors ?? []).map(({ extensions }) => extensions.code) };
}

const watch = (place) =>
  watchWithRetries(
    place,
    (variables) =>
      new Promise((resolve, reject) =>
        client.subscribe({ query: gql(WATCH), variables }).subscribe({
          next: ({ data, error }) => (error ? reject(error) : place.reached(data.executionEvents)),
          error: reject,
          complete: resolve,
        }),
      ),
  );

await run({ request, watch });
