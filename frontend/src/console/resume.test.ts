import { expect, test } from 'vitest';
import { advance, cursorOf } from './resume';

test('the cursor is that of the root field', () => {
  expect(cursorOf({ executionEvents: { cursor: 'c7', event: {} } })).toBe('c7');
  expect(cursorOf({ greeting: 'hello' })).toBeNull();
  expect(cursorOf(null)).toBeNull();
});

test('the variable moves to the cursor and leaves the others alone', () => {
  const payload = { query: 'subscription ($id: ID!, $after: Cursor) { x }', variables: { id: '1', after: null } };
  advance(payload, { x: { cursor: 'c7' } });
  expect(payload.variables).toEqual({ id: '1', after: 'c7' });
});

test('an operation without the variable is left alone', () => {
  const payload = { query: 'subscription ($afterwards: Int) { x }', variables: {} };
  advance(payload, { x: { cursor: 'c7' } });
  expect(payload.variables).toEqual({});
});
