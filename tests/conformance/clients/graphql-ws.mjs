import { createClient } from "graphql-ws";
import { authorization, pause, run, socketUrl, WATCH } from "./flow.mjs";

const client = createClient({
  url: socketUrl,
  connectionParams: { authorization },
  retryAttempts: 200,
  retryWait: () => pause(100),
  shouldRetry: () => true, // by default not after an error event, which a reset gives in Node.js
});

const request = (query, variables) =>
  new Promise((resolve, reject) => {
    let answer;
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors = [] }) => (answer = { data, codes: errors.map((error) => error.extensions.code) }),
        error: (errors) =>
          Array.isArray(errors) ? resolve({ codes: errors.map((error) => error.extensions.code) }) : reject(errors),
        complete: () => resolve(answer),
      },
    );
  });

const watch = (place) =>
  new Promise((complete, error) =>
    client.subscribe(
      { query: WATCH, variables: place },
      { next: ({ data }) => place.reached(data.executionEvents), error, complete },
    ),
  );

await run({ request, watch });
