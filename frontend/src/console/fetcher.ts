import type { Fetcher, FetcherOpts, FetcherParams, FetcherReturnType } from '@graphiql/toolkit';
import { type DocumentNode, getOperationAST, type OperationDefinitionNode, parse } from 'graphql';
import type { Connection } from './connection';
import type { Live, Observer } from './live';

/** Marks the request as ours: other sites cannot set a header, so a request that a cookie signs must carry one. */
export const CLIENT_HEADER = 'x-wrenchai-client';

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

/**
 * The operation that `params` means, or null where the document does not say. GraphiQL learns the operation's name half a
 * second after the document changed, so a name that is not in a document with one operation is an old one.
 */
export function findOperation({ query, operationName }: FetcherParams): OperationDefinitionNode | null {
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch {
    return null;
  }
  return getOperationAST(document, operationName) ?? getOperationAST(document) ?? null;
}

/** GraphiQL's way to the server: queries and mutations by POST to `url`, subscriptions through `live`. */
export function createFetcher(url: string, live: Live, connection: Connection): Fetcher {
  return (params, options) => {
    const operation = findOperation(params);
    const named = { ...params, operationName: (operation ? operation.name?.value : params.operationName) ?? null };
    return operation?.operation === 'subscription'
      ? observe(named, live)
      : post(url, named, options?.headers, connection);
  };
}

function observe({ query, operationName, variables }: FetcherParams, live: Live): FetcherReturnType {
  const payload = { query, operationName: operationName ?? null, variables: variables ?? null };
  // GraphiQL's type also knows the form with three functions, which it never uses.
  return { subscribe: (observer: Observer) => live.subscribe(payload, observer) } as FetcherReturnType;
}

async function post(
  url: string,
  { query, operationName, variables }: FetcherParams,
  headers: FetcherOpts['headers'],
  connection: Connection,
) {
  const response = await fetch(url, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { ...headers, accept: ACCEPT, 'content-type': 'application/json', [CLIENT_HEADER]: 'console' },
    body: JSON.stringify({ query, operationName, variables }),
  }).catch(() => {
    throw new Error('The server cannot be reached: check that `wrenchai up` is running, then try again.');
  });
  if (response.status === 401) connection.enter('signed-out');
  else if (connection.getState().phase === 'signed-out') connection.enter('idle');
  const type = response.headers.get('content-type') ?? 'no content type';
  if (!/^application\/(graphql-response\+)?json\b/.test(type)) {
    throw new Error(`The server answered ${response.status} with ${type} instead of a GraphQL response.`);
  }
  return response.json();
}
