import { useSyncExternalStore } from 'react';
import type { Connection, Phase } from './connection';

const WORDS: Partial<Record<Phase, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  interrupted: 'Interrupted',
};

/** One line under the response: how the running subscription is doing, and how many values it has brought. */
export function LiveStatus({ connection }: { readonly connection: Connection }) {
  const { phase, received } = useSyncExternalStore(connection.onChange, connection.getState);
  const word = WORDS[phase] ?? (received > 0 ? (phase === 'signed-out' ? 'Interrupted' : 'Ended') : undefined);
  if (word === undefined) return null;
  return (
    <p className="live-status" data-phase={phase}>
      {word} · {received} {received === 1 ? 'value' : 'values'} received
    </p>
  );
}
