import type { Fetcher, FetcherOpts, FetcherParams, FetcherReturnType } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';
import type { Connection } from './connection';
import type { Live } from './live';

/** Marks the request as ours: other sites cannot set a header, so a request that a cookie signs must carry one. */
export const CLIENT_HEADER = 'x-wrenchai-client';

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

/** Whether `params` runs a subscription; a document that does not parse is left to the server, whose error says why. */
export function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false;
  }
}

/** GraphiQL's way to the server: queries and mutations by POST to `url`, subscriptions through `live`. */
export function createFetcher(url: string, live: Live, connection: Connection): Fetcher {
  return (params, options) =>
    isSubscription(params) ? observe(params, live) : post(url, params, options?.headers, connection);
}

function observe({ query, operationName, variables }: FetcherParams, live: Live): FetcherReturnType {
  // GraphiQL's type also knows the form with three functions, which it never uses.
  return {
    subscribe: (observer: Parameters<Live['subscribe']>[1]) => live.subscribe(payload(), observer),
  } as FetcherReturnType;

  function payload() {
    return { query, operationName: operationName ?? null, variables: variables ?? null };
  }
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
