import { Client, fetchExchange } from "@urql/core";
import { onEnd, pipe, subscribe } from "wonka";
import { authorization, run, say, url, WATCH, watchWithRetries } from "./flow.mjs";

/** Tells what was asked for and what came: urql accepts an event stream for every operation. */
async function overheard(input, init) {
  const response = await fetch(input, init);
  const accept = new Headers(init.headers).get("accept");
  say({ exchange: { accept, contentType: response.headers.get("content-type"), method: init.method } });
  return response;
}

const client = new Client({
  url,
  exchanges: [fetchExchange],
  fetch: overheard,
  fetchOptions: { headers: { authorization } },
  fetchSubscriptions: true,
});

async function request(text, variables) {
  const isMutation = text.startsWith("mutation");
  const { data, error } = await (isMutation ? client.mutation(text, variables) : client.query(text, variables));
  if (error?.networkError) throw error;
  return { data, codes: (error?.graphQLErrors ?? []).map(({ extensions }) => extensions.code) };
}

const watch = (place) =>
  watchWithRetries(
    place,
    (variables) =>
      new Promise((resolve, reject) =>
        pipe(
          client.subscription(WATCH, variables),
          onEnd(resolve),
          // At the end it repeats the last result, marked as having no next.
          subscribe(({ data, error, hasNext }) => {
            if (error) reject(error);
            else if (data && hasNext) place.reached(data.executionEvents);
          }),
        ),
      ),
  );

await run({ request, watch });
