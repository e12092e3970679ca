import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import type { Connection } from './connection';
import type { Live } from './live';

interface Props {
  readonly connection: Connection;
  readonly live: Live;
}

/** Says across the top of the page that the user is signed out or that live updates stopped, and offers to go on. */
export function Banner({ connection, live }: Props) {
  const { phase, reason } = useSyncExternalStore(connection.onChange, connection.getState);
  const schema = useGraphiQL((state) => state.schema);
  const { introspect } = useGraphiQLActions();
  const place = document.getElementById('banner');
  if (place === null || (phase !== 'signed-out' && phase !== 'interrupted')) return null;

  function reconnect() {
    live.reconnect();
    if (!schema) void introspect();
  }

  return createPortal(
    <div className="banner" role="alert">
      <WarningIcon />
      <p>{phase === 'signed-out' ? SIGNED_OUT : `Live updates stopped: ${reason}.`}</p>
      <button type="button" onClick={reconnect}>
        Reconnect
      </button>
    </div>,
    place,
  );
}

const SIGNED_OUT: ReactNode = (
  <>
    Sign in again: use the link that <code>wrenchai up</code> printed.
  </>
);

function WarningIcon() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 9v4m0 3.5v.5M10.4 3.9 2.3 17.4A2 2 0 0 0 4 20.4h16a2 2 0 0 0 1.7-3L13.6 3.9a2 2 0 0 0-3.2 0Z" />
    </svg>
  );
}
