// PostGraphile 5 on the database and port that the environment names: library mode, Amber preset, nothing switched on.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const { DATABASE, POOL_SIZE, PORT } = process.env;

const service = postgraphile({
  extends: [PostGraphileAmberPreset],
  // It would take no column for an order that is not the first of an index; ours are the second, behind the workspace.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [
    makePgService({ connectionString: DATABASE, schemas: ["public"], poolConfig: { max: Number(POOL_SIZE) } }),
  ],
  grafserv: { graphiql: false, watch: false, websockets: false },
  grafast: { explain: false },
});
const server = createServer();
await service.createServ(grafserv).addTo(server);
server.listen(Number(PORT), "127.0.0.1");
