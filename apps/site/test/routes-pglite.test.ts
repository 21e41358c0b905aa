import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { withEmptyDatabase } from "./empty-database.ts";
import { routesSuite } from "./routes.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-routes-"));
routesSuite(async () => ({ directory: await withEmptyDatabase(join(folder, "data")) }));
afterAll(() => rmSync(folder, { recursive: true }));
