import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetcher } from '@graphiql/toolkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Connection } from './connection';
import { createFetcher, findOperation } from './fetcher';
import { Live } from './live';

let server: Server;
let url: string;
let answer = { status: 200, type: 'application/graphql-response+json', body: '{"data":{"a":1}}' };
let request: { headers: IncomingMessage['headers']; body: unknown };
let connection: Connection;
let fetcher: Fetcher;

beforeAll(async () => {
  server = createServer(async (message, response) => {
    const body = JSON.parse((await message.toArray()).join(''));
    request = { headers: message.headers, body };
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
});

afterAll(() => {
  server.close();
});

beforeEach(() => {
  connection = new Connection();
  fetcher = createFetcher(url, new Live(url.replace('http', 'ws'), connection), connection);
  answer = { status: 200, type: 'application/graphql-response+json', body: '{"data":{"a":1}}' };
});

test('posts JSON with the header that marks our requests', async () => {
  const result = await fetcher(
    { query: 'query A { a }', operationName: 'A', variables: { b: 2 } },
    { headers: { x: 'y' } },
  );
  expect(result).toEqual({ data: { a: 1 } });
  expect(request.body).toEqual({ query: 'query A { a }', operationName: 'A', variables: { b: 2 } });
  expect(request.headers).toMatchObject({
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'content-type': 'application/json',
    'x-wrenchai-client': 'console',
    x: 'y',
  });
});

test('a name that the document no longer has is replaced', async () => {
  await fetcher({ query: 'query New { a }', operationName: 'Old' });
  expect(request.body).toMatchObject({ operationName: 'New' });
});

test('a document that does not parse is left to the server', async () => {
  answer = { status: 400, type: 'application/graphql-response+json', body: '{"errors":[{"message":"Syntax"}]}' };
  expect(await fetcher({ query: 'query {', operationName: null })).toEqual({ errors: [{ message: 'Syntax' }] });
});

test('a subscription is told from a query, by name where there are several', () => {
  const query = 'query A { a } subscription B { b }';
  expect(findOperation({ query, operationName: 'B' })?.operation).toBe('subscription');
  expect(findOperation({ query, operationName: 'A' })?.operation).toBe('query');
  expect(findOperation({ query })).toBeNull();
});

test('401 signs out, and the next good answer signs in', async () => {
  answer = { status: 401, type: 'application/json', body: '{"errors":[]}' };
  expect(await fetcher({ query: '{ a }' })).toEqual({ errors: [] });
  expect(connection.getState().phase).toBe('signed-out');
  answer = { status: 200, type: 'application/json', body: '{"data":{}}' };
  await fetcher({ query: '{ a }' });
  expect(connection.getState().phase).toBe('idle');
});

test('an answer that is no GraphQL response is an error that says what came', async () => {
  answer = { status: 502, type: 'text/html', body: '<p>Bad gateway</p>' };
  await expect(fetcher({ query: '{ a }' })).rejects.toThrow('answered 502 with text/html');
});

test('an unreachable server is an error that says what to do', async () => {
  const nowhere = createFetcher('http://127.0.0.1:1/graphql', new Live('ws://127.0.0.1:1', connection), connection);
  await expect(nowhere({ query: '{ a }' })).rejects.toThrow('check that `wrenchai up` is running');
});
