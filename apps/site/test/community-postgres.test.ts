import { afterAll, describe } from "vitest";
import { communitySuite } from "./community.suite.ts";
import { noPostgres, startPostgres } from "./postgres.ts";

describe.skipIf(noPostgres)(`on PostgreSQL${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  let stop: () => void = () => {};
  communitySuite(async () => {
    const server = await startPostgres();
    stop = server.stop;
    return { url: server.url };
  });
  afterAll(() => stop());
});
