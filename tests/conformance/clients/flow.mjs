// What every client is put through. Each line on standard output is one observation, as JSON.
const { ADDRESS, TOKEN, DRAFT, PROJECT } = process.env;

export const url = `${ADDRESS}/graphql`;
export const socketUrl = url.replace("http:", "ws:");
export const authorization = `Bearer ${TOKEN}`;

export const WHO = "query Who { viewer { id name } }";
export const CREATE = `mutation Create($input: CreateTaskInput!) {
  createTask(input: $input) { errors { code message } task { key latestExecution { id } } }
}`;
export const MALFORMED = 'query Malformed { task(by: { id: "nonsense" }) { key } }';
export const UNKNOWN = "query Unknown { viewer { shoeSize } }";
export const WATCH = `subscription Watch($id: ID!, $after: Cursor) {
  executionEvents(executionId: $id, after: $after) {
    cursor
    event { __typename sequence ... on StepStarted { step } }
  }
}`;

export const say = (observation) => console.log(JSON.stringify(observation));
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Where a subscription is: as variables, they are the right ones at every try, since `after` is read anew. */
export class Place {
  #cursor = null;

  constructor(id) {
    this.id = id;
    Object.defineProperty(this, "after", { enumerable: true, get: () => this.#cursor });
  }

  reached(update) {
    this.#cursor = update.cursor;
    say({ update });
  }
}

/** `watch` again and again, as an application does whose client does not reconnect by itself. */
export async function watchWithRetries(place, watch) {
  for (let tries = 0; ; tries++) {
    try {
      return await watch({ id: place.id, after: place.after });
    } catch (error) {
      if (tries === 200) throw error;
      await pause(100);
    }
  }
}

/**
 * Puts a client through everything.
 * `request(document, variables)` answers `{data, codes}`, with the codes of the errors as this client shows them;
 * `watch(place)` resolves when the server has completed the subscription, and tells the place of each update.
 */
export async function run({ request, watch, documents = {} }) {
  const { who = WHO, create = CREATE, malformed = MALFORMED, unknown = UNKNOWN } = documents;
  say({ query: await request(who, {}) });
  const made = await request(create, { input: { projectId: PROJECT, task: JSON.parse(DRAFT), dispatch: true } });
  say({ mutation: made });
  say({ errors: [(await request(malformed, {})).codes, unknown && (await request(unknown, {})).codes] });
  await watch(new Place(made.data.createTask.task.latestExecution.id));
  say({ completed: true });
  process.exit(0);
}
