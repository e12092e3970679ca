import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { Banner } from './Banner';
import { Connection } from './connection';
import { EXAMPLES, EXAMPLES_PLUGIN } from './ExamplesPlugin';
import { createFetcher } from './fetcher';
import { LiveStatus } from './LiveStatus';
import { Live } from './live';
import { SystemTheme } from './SystemTheme';

const ENDPOINT = '/graphql';

const connection = new Connection();
const live = new Live(`${location.origin.replace(/^http/, 'ws')}${ENDPOINT}`, connection);
const fetcher = createFetcher(ENDPOINT, live, connection);
const plugins = [EXAMPLES_PLUGIN, explorerPlugin(), HISTORY_PLUGIN];

// What the user had open last time wins; the examples are what a newcomer sees.
const isNewcomer = localStorage.getItem('graphiql:visiblePlugin') === null;

/** The GraphiQL page: GraphiQL itself, our examples, and what happens to the live connection. */
export function Console() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      {...(isNewcomer && { visiblePlugin: EXAMPLES_PLUGIN })}
      defaultQuery={EXAMPLES[0]?.query ?? ''}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="wordmark">WrenchAI</span>
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, copy, merge }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <Banner connection={connection} live={live} />
          </>
        )}
      </GraphiQL.Toolbar>
      <GraphiQL.Footer>
        <LiveStatus connection={connection} />
        <SystemTheme />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
