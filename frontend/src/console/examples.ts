export interface Example {
  readonly title: string;
  readonly description: string;
  /** The GraphQL document, with its leading comment. */
  readonly query: string;
  /** JSON for the variables editor; empty when the operation takes none. */
  readonly variables: string;
}

/**
 * Reads an example file: a leading comment whose first line is the title and whose other lines are the description, then a
 * comment block that starts with `# variables` and holds JSON (optional), then the document.
 */
export function parseExample(text: string): Example {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const comment = lines.slice(0, end).map((line) => line.replace(/^# ?/, ''));
  const marker = comment.indexOf('variables');
  const prose = marker < 0 ? comment : comment.slice(0, marker);
  return {
    title: (prose[0] ?? '').replace(/\.$/, ''),
    description: prose.slice(1).join(' '),
    query: [...prose.map((line) => `# ${line}`), ...lines.slice(end)].join('\n').trim(),
    variables: marker < 0 ? '' : comment.slice(marker + 1).join('\n'),
  };
}

/** The examples in `files` (path to text), in the order of their file names. */
export function readExamples(files: Record<string, string>): Example[] {
  return Object.keys(files)
    .sort()
    .map((path) => parseExample(files[path] ?? ''));
}
