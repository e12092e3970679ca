import { type GraphiQLPlugin, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { type Example, readExamples } from './examples';

export const EXAMPLES = readExamples(
  import.meta.glob<string>('../examples/*.graphql', { query: '?raw', import: 'default', eager: true }),
);

function Examples() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const { addTab, stop } = useGraphiQLActions();

  function open({ query, variables }: Example) {
    if (!queryEditor || !variableEditor) return;
    stop();
    if (queryEditor.getValue().trim() !== '') addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
    queryEditor.focus();
  }

  return (
    <section aria-label="Examples" className="examples">
      <h2>Examples</h2>
      <p>Pick one, fill in its variables, run it with Ctrl+Enter.</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" disabled={!queryEditor || !variableEditor} onClick={() => open(example)}>
              <strong>{example.title}</strong>
              <span>{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ListIcon() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01" />
    </svg>
  );
}

export const EXAMPLES_PLUGIN: GraphiQLPlugin = { title: 'Examples', icon: ListIcon, content: Examples };
