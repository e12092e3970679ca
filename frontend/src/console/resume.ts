import type { SubscribePayload } from 'graphql-ws';

/** A subscription request whose variables move on while it runs. */
export interface Resumable extends Omit<SubscribePayload, 'variables'> {
  variables?: Record<string, unknown> | null;
}

/** The cursor of a subscription's value: that of its one root field, or null where it has none. */
export function cursorOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  for (const field of Object.values(data)) {
    if (typeof field === 'object' && field !== null && 'cursor' in field && typeof field.cursor === 'string') {
      return field.cursor;
    }
  }
  return null;
}

/**
 * Moves the variable `after` of a subscription to the cursor in `data`, so that the next time it is sent (graphql-ws sends
 * it again by itself after a lost connection) it goes on behind the last value that was seen.
 */
export function advance(payload: Resumable, data: unknown): void {
  const cursor = cursorOf(data);
  if (cursor !== null && /\$after\b/.test(payload.query)) {
    payload.variables = { ...payload.variables, after: cursor };
  }
}
