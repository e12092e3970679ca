import { createClient } from "graphql-sse";
import { authorization, pause, run, url, WATCH } from "./flow.mjs";

const client = createClient({
  url,
  headers: { authorization },
  retryAttempts: 200,
  retry: () => pause(100),
});

const request = (query, variables) =>
  new Promise((resolve, error) => {
    let answer;
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors = [] }) => (answer = { data, codes: errors.map((error) => error.extensions.code) }),
        error,
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
