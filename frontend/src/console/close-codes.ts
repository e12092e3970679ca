/**
 * What the page does about a closed socket: `retry` by itself, ask the user to `sign-in`, or say that live updates were
 * `interrupted` and offer to reconnect.
 */
export type Verdict = 'retry' | 'sign-in' | 'interrupted';

const SIGN_IN = new Set([4401, 4403]);

// Trying again would be answered with the same close. 1002 to 1015 without 1005, 1006, 1011, 1012, 1013 are the fatal
// codes of WebSocket itself, the others those of graphql-transport-ws.
const FATAL = new Set([1002, 1003, 1004, 1007, 1008, 1009, 1010, 1014, 1015, 4004, 4005, 4400, 4406, 4409, 4429, 4500]);

/** Judges the close `code` of a graphql-transport-ws socket. */
export function judgeClose(code: number): Verdict {
  if (SIGN_IN.has(code)) return 'sign-in';
  return FATAL.has(code) ? 'interrupted' : 'retry';
}

/** Says why live updates stopped, from the close `code` and the `reason` that the server gave. */
export function describeClose(code: number, reason: string): string {
  return reason
    ? `the server closed the connection: ${reason} (${code})`
    : `the connection was closed with code ${code}`;
}

/** Whether `cause`, which graphql-ws hands over for any failure, is a closed socket. */
export function isClose(cause: unknown): cause is { code: number; reason: string } {
  return typeof cause === 'object' && cause !== null && 'code' in cause && 'reason' in cause;
}
