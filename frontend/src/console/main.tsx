import './workers';
// One by one: GraphiQL's collected style sheet carries Monaco's a second time and 300 kB of fonts.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import '@graphiql/plugin-explorer/style.css';
import './console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Console } from './Console';

const place = document.getElementById('console');
if (place === null) throw new Error('console.html has no element with the id "console".');
createRoot(place).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
