// Runs the audits of graphql-http against the endpoint given as argument and prints them as JSON.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const authorised = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });

const results = [];
for (const audit of serverAudits({ url, fetchFn: authorised })) {
  const result = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status: result.status, reason: result.reason ?? null });
}
console.log(JSON.stringify(results));
