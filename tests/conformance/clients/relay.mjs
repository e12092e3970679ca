// Relay's runtime with the artifacts its compiler made of relay/board.js; subscriptions travel by graphql-ws.
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import { authorization, pause, run, socketUrl, url } from "./flow.mjs";

const { commitMutation, Environment, fetchQuery, Network, Observable, RecordSource, requestSubscription, Store } = relay;
const artifact = async (name) => (await import(`./relay/generated/${name}.graphql.js`)).default;

const socket = createClient({
  url: socketUrl,
  connectionParams: { authorization },
  retryAttempts: 200,
  retryWait: () => pause(100),
  shouldRetry: () => true, // by default not after an error event, which a reset gives in Node.js
});
let place; // Relay freezes the variables of an operation: the network layer resumes from here.
let codes = [];

async function overHttp({ text }, variables) {
  const body = JSON.stringify({ query: text, variables });
  const headers = { authorization, "content-type": "application/json", accept: "application/graphql-response+json" };
  const answer = await (await fetch(url, { method: "POST", headers, body })).json();
  codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
  return answer;
}

const overSocket = ({ text }) => Observable.create((sink) => socket.subscribe({ query: text, variables: place }, sink));
const environment = new Environment({
  network: Network.create(overHttp, overSocket),
  store: new Store(new RecordSource()),
});

async function request(name, variables) {
  const operation = await artifact(name);
  if (operation.params.operationKind === "mutation") {
    const data = await new Promise((onCompleted, onError) =>
      commitMutation(environment, { mutation: operation, variables, onCompleted, onError }),
    );
    return { data, codes };
  }
  try {
    const data = await fetchQuery(environment, operation, { project: process.env.PROJECT, ...variables }).toPromise();
    return { data, codes };
  } catch (error) {
    if (codes.length === 0) throw error;
    return { codes };
  }
}

async function watch(at) {
  place = at;
  const subscription = await artifact("boardWatchSubscription");
  await new Promise((onCompleted, onError) =>
    requestSubscription(environment, {
      subscription,
      variables: { id: at.id, after: null },
      onNext: ({ executionEvents }) => at.reached(executionEvents),
      onCompleted,
      onError,
    }),
  );
}

// Its compiler refuses an unknown field: no such document can be sent.
const documents = {
  who: "boardScreenQuery",
  create: "boardCreateMutation",
  malformed: "boardMalformedQuery",
  unknown: null,
};
await run({ request, watch, documents });
