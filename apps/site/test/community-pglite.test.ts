import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { communitySuite } from "./community.suite.ts";
import { withEmptyDatabase } from "./empty-database.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-community-"));
communitySuite(async () => ({ directory: await withEmptyDatabase(join(folder, "data")) }));
afterAll(() => rmSync(folder, { recursive: true }));
