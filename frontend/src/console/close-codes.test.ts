import { expect, test } from 'vitest';
import { describeClose, isClose, judgeClose } from './close-codes';

test.each([
  [4401, 'sign-in'],
  [4403, 'sign-in'],
  [4400, 'interrupted'],
  [4406, 'interrupted'],
  [4500, 'interrupted'],
  [1002, 'interrupted'],
  [1000, 'retry'],
  [1001, 'retry'],
  [1006, 'retry'],
  [1011, 'retry'],
  [1012, 'retry'],
  [4900, 'retry'],
])('close code %i means %s', (code, verdict) => {
  expect(judgeClose(code)).toBe(verdict);
});

test('the description holds the reason where the server gave one', () => {
  expect(describeClose(4500, 'out of memory')).toBe('the server closed the connection: out of memory (4500)');
  expect(describeClose(4400, '')).toBe('the connection was closed with code 4400');
});

test('a close event is told from an error', () => {
  expect(isClose(new CloseEvent('close', { code: 4400 }))).toBe(true);
  expect(isClose(new Error('no'))).toBe(false);
  expect(isClose(null)).toBe(false);
});
