import type { AddressInfo } from 'node:net';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type WebSocket as Socket, WebSocketServer } from 'ws';
import { Connection } from './connection';
import { Live } from './live';

interface Subscribed {
  readonly socket: Socket;
  readonly id: string;
  readonly after: unknown;
}

const RETRIES = 3;

let server: WebSocketServer;
let port: number;
let retryWait: () => Promise<void>;
let subscribed: Subscribed[];
let connection: Connection;
let live: Live;
let results: unknown[];
let ended: string | null;

const PAYLOAD = {
  query: 'subscription ($after: Cursor) { ticks(after: $after) { cursor } }',
  variables: { after: null },
};
const observer = {
  next: (result: unknown) => results.push(result),
  error: (cause: Error) => {
    ended = cause.message;
  },
  complete: () => {
    ended = 'complete';
  },
};

async function listen(port = 0): Promise<number> {
  server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => GRAPHQL_TRANSPORT_WS_PROTOCOL });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (message.type === 'subscribe') {
        subscribed.push({ socket, id: message.id, after: message.payload.variables.after });
      }
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

function hangUp(): Promise<void> {
  for (const client of server.clients) client.terminate();
  return new Promise((resolve) => server.close(() => resolve()));
}

beforeEach(async () => {
  subscribed = [];
  results = [];
  ended = null;
  retryWait = async () => {};
  connection = new Connection();
  port = await listen();
  live = new Live(`ws://127.0.0.1:${port}`, connection, { retryWait: () => retryWait(), retryAttempts: RETRIES });
});

afterEach(hangUp);

async function subscriber(count: number): Promise<Subscribed> {
  await vi.waitFor(() => expect(subscribed).toHaveLength(count));
  return subscribed[count - 1] as Subscribed;
}

function send({ socket, id }: Subscribed, type: string, payload?: unknown) {
  socket.send(JSON.stringify({ id, type, payload }));
}

test('a lost connection is taken up again behind the last cursor', async () => {
  const running = live.subscribe(PAYLOAD, observer);
  const first = await subscriber(1);
  expect(first.after).toBeNull();
  send(first, 'next', { data: { ticks: { cursor: 'c1' } } });
  await vi.waitFor(() => expect(results).toHaveLength(1));
  first.socket.close(4900);
  expect((await subscriber(2)).after).toBe('c1');
  expect(connection.getState()).toEqual({ phase: 'live', reason: '', received: 1 });
  expect(PAYLOAD.variables.after).toBeNull();
  running.unsubscribe();
  expect(connection.getState().phase).toBe('idle');
  expect(ended).toBeNull();
});

test.each([4400, 4500])('close %i interrupts, and reconnecting goes on', async (code) => {
  live.subscribe(PAYLOAD, observer);
  const first = await subscriber(1);
  send(first, 'next', { data: { ticks: { cursor: 'c1' } } });
  first.socket.close(code, 'because');
  await vi.waitFor(() => expect(connection.getState().phase).toBe('interrupted'));
  expect(connection.getState().reason).toBe(`the server closed the connection: because (${code})`);
  live.reconnect();
  expect((await subscriber(2)).after).toBe('c1');
  expect(ended).toBeNull();
});

test.each([4401, 4403])('close %i asks to sign in', async (code) => {
  live.subscribe(PAYLOAD, observer);
  (await subscriber(1)).socket.close(code);
  await vi.waitFor(() => expect(connection.getState().phase).toBe('signed-out'));
  expect(subscribed).toHaveLength(1);
});

test('the errors of a refused subscription are its result', async () => {
  live.subscribe(PAYLOAD, observer);
  send(await subscriber(1), 'error', [{ message: 'CURSOR_EXPIRED' }]);
  await vi.waitFor(() => expect(ended).toBe('complete'));
  expect(results).toEqual([{ errors: [{ message: 'CURSOR_EXPIRED' }] }]);
});

test('a subscription that the server completes is complete', async () => {
  live.subscribe(PAYLOAD, observer);
  send(await subscriber(1), 'complete');
  await vi.waitFor(() => expect(ended).toBe('complete'));
  await vi.waitFor(() => expect(connection.getState().phase).toBe('idle'));
});

test('a server that was away is found again', async () => {
  live.subscribe(PAYLOAD, observer);
  await subscriber(1);
  retryWait = async () => {
    if (connection.getState().phase === 'reconnecting') await listen(port);
  };
  await hangUp();
  await subscriber(2);
  await vi.waitFor(() => expect(connection.getState().phase).toBe('live'));
});

test('a server that stays away interrupts, and reconnecting goes on', async () => {
  live.subscribe(PAYLOAD, observer);
  await subscriber(1);
  await hangUp();
  await vi.waitFor(() => expect(connection.getState().phase).toBe('interrupted'));
  await listen(port);
  live.reconnect();
  await subscriber(2);
  expect(ended).toBeNull();
});
