export type Phase = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'signed-out' | 'interrupted';

export interface ConnectionState {
  readonly phase: Phase;
  /** Why the phase is `interrupted`; empty in the others. */
  readonly reason: string;
  /** How many values the latest subscription has received. */
  readonly received: number;
}

/** What the page knows about its line to the server, in the form `useSyncExternalStore` reads. */
export class Connection {
  #state: ConnectionState = { phase: 'idle', reason: '', received: 0 };
  readonly #listeners = new Set<() => void>();

  readonly getState = (): ConnectionState => this.#state;

  /** Calls `listener` after every change, until the returned function is called. */
  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  enter(phase: Exclude<Phase, 'interrupted'>): void {
    this.#set({ ...this.#state, phase, reason: '' });
  }

  interrupt(reason: string): void {
    this.#set({ ...this.#state, phase: 'interrupted', reason });
  }

  startCounting(): void {
    this.#set({ ...this.#state, received: 0 });
  }

  count(): void {
    this.#set({ ...this.#state, received: this.#state.received + 1 });
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
