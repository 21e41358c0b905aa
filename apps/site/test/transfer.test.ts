import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { withEmptyDatabase } from "./empty-database.ts";
import { noPostgres, startPostgres } from "./postgres.ts";
import { transferSuite } from "./transfer.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-transfer-data-"));
afterAll(() => rmSync(folder, { recursive: true }));
const pglite = async (name: string) => ({ directory: await withEmptyDatabase(join(folder, name)) });

describe.skipIf(noPostgres)(`between PGlite and PostgreSQL${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  const stops: (() => void)[] = [];
  const postgres = async () => {
    const server = await startPostgres();
    stops.push(server.stop);
    return { url: server.url };
  };
  describe("out of PGlite", () =>
    transferSuite(
      "PGlite",
      async () => ({ here: await pglite("a"), there: postgres }),
      () => pglite("c"),
    ));
  describe("out of PostgreSQL", () =>
    transferSuite("PostgreSQL", async () => ({ here: await postgres(), there: () => pglite("b") }), postgres));
  afterAll(() => {
    for (const stop of stops) stop();
  });
});
