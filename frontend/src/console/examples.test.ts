import { expect, test } from 'vitest';
import { parseExample, readExamples } from './examples';

test('reads title, description, variables and document', () => {
  const text = '# Greet.\n# Says hello\n# to you.\n# variables\n# {\n#   "name": "Ada"\n# }\nquery Greet {\n  a\n}\n';
  expect(parseExample(text)).toEqual({
    title: 'Greet',
    description: 'Says hello to you.',
    query: '# Greet.\n# Says hello\n# to you.\nquery Greet {\n  a\n}',
    variables: '{\n  "name": "Ada"\n}',
  });
});

test('leaves the variables empty where there are none', () => {
  expect(parseExample('# Greet.\n# Hello.\n{ a }\n').variables).toBe('');
});

test('keeps the order of the file names', () => {
  const examples = readExamples({ '02-b.graphql': '# B.\n{ b }', '01-a.graphql': '# A.\n{ a }' });
  expect(examples.map(({ title }) => title)).toEqual(['A', 'B']);
});

test('every shipped example names its operation and has variables that are JSON', () => {
  const files = import.meta.glob<string>('../examples/*.graphql', { query: '?raw', import: 'default', eager: true });
  const examples = readExamples(files);
  expect(examples.length).toBeGreaterThanOrEqual(10);
  for (const { title, description, query, variables } of examples) {
    expect(title, query).not.toBe('');
    expect(description, query).not.toBe('');
    expect(query).toMatch(/^(query|mutation|subscription) \w+/m);
    expect(variables === '' || typeof JSON.parse(variables) === 'object', query).toBe(true);
    expect(variables !== '', query).toBe(/\$\w+: [\w[\]]+!/.test(query));
  }
});
