import { afterAll, describe } from "vitest";
import { noPostgres, startPostgres } from "./postgres.ts";
import { routesSuite } from "./routes.suite.ts";

describe.skipIf(noPostgres)(`on PostgreSQL${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  let stop: () => void = () => {};
  routesSuite(async () => {
    const server = await startPostgres();
    stop = server.stop;
    return { url: server.url };
  });
  afterAll(() => stop());
});
