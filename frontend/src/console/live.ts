import { type Client, type ClientOptions, createClient, type ExecutionResult } from 'graphql-ws';
import { describeClose, isClose, judgeClose } from './close-codes';
import type { Connection } from './connection';
import { advance, type Resumable } from './resume';

export interface Observer {
  next(result: ExecutionResult): void;
  error(cause: Error): void;
  complete(): void;
}

interface Running {
  readonly payload: Resumable;
  readonly observer: Observer;
  stop(): void;
}

const LONGEST_WAIT_MS = 8_000;
const RETRIES = 30;

/** The subscriptions of the page over one WebSocket at `url`; what becomes of the socket is told to `connection`. */
export class Live {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #running = new Set<Running>();

  constructor(url: string, connection: Connection, options: Partial<ClientOptions> = {}) {
    this.#connection = connection;
    this.#client = createClient({
      url,
      lazy: true,
      retryAttempts: RETRIES,
      retryWait: (retries) => wait(Math.min(500 * 2 ** retries, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2)),
      // A server that cannot be reached shows as a bare error event, before or instead of a close.
      shouldRetry: (cause) => (isClose(cause) ? judgeClose(cause.code) === 'retry' : cause instanceof Event),
      on: {
        connecting: (isRetry) => connection.enter(isRetry ? 'reconnecting' : 'connecting'),
        connected: () => connection.enter('live'),
        closed: (event) => this.#onClosed(event),
      },
      ...options,
    });
  }

  /** Starts the subscription `payload`; it outlives lost connections, until it completes or `unsubscribe` is called. */
  subscribe(payload: Resumable, observer: Observer): { unsubscribe(): void } {
    const running: Running = { payload: { ...payload }, observer, stop: () => undefined };
    this.#running.add(running);
    this.#connection.startCounting();
    this.#send(running);
    return {
      unsubscribe: () => {
        this.#running.delete(running);
        running.stop();
        if (this.#running.size === 0) this.#connection.enter('idle');
      },
    };
  }

  /** Sends again what was running when a fatal close interrupted it. */
  reconnect(): void {
    this.#connection.enter('idle');
    for (const running of this.#running) this.#send(running);
  }

  #send(running: Running): void {
    running.stop = this.#client.subscribe(running.payload, {
      next: (result) => {
        advance(running.payload, result.data);
        this.#connection.count();
        running.observer.next(result as ExecutionResult);
      },
      error: (cause) => this.#onFailure(running, cause),
      complete: () => {
        // graphql-ws also completes what was stopped by hand: that one has left the set already.
        if (this.#running.delete(running)) running.observer.complete();
        if (this.#running.size === 0 && this.#connection.getState().phase === 'live') this.#connection.enter('idle');
      },
    });
  }

  #onClosed(event: unknown): void {
    if (!isClose(event)) return;
    if (this.#running.size === 0) this.#connection.enter('idle');
    else if (judgeClose(event.code) === 'retry') this.#connection.enter('reconnecting');
  }

  #onFailure(running: Running, cause: unknown): void {
    if (Array.isArray(cause)) {
      this.#running.delete(running);
      running.observer.next({ errors: cause });
      running.observer.complete();
    } else if (isClose(cause)) {
      // The subscription stays in the set: the banner's button takes it up again where it was.
      if (judgeClose(cause.code) === 'sign-in') this.#connection.enter('signed-out');
      else this.#connection.interrupt(describeClose(cause.code, cause.reason));
    } else if (cause instanceof Event) {
      this.#connection.interrupt('the server cannot be reached');
    } else {
      this.#running.delete(running);
      this.#connection.enter('idle');
      running.observer.error(cause instanceof Error ? cause : new Error('The subscription failed; run it again.'));
    }
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
