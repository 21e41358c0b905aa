// What people do on the site; run on PGlite and on PostgreSQL by the files beside this one.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type AppParts, createApp } from "../src/server/app.ts";
import { webAssets } from "../src/server/assets.ts";
import { buildWeb } from "../src/server/build-web.ts";
import { readContent } from "../src/server/content.ts";
import { type Database, type DatabasePlace, openDatabase } from "../src/server/database/open.ts";
import { seed } from "../src/server/seed.ts";
import { TagSuggester } from "../src/server/tag-suggestions.ts";
import { accountsSuite } from "./accounts.suite.ts";
import { addingSuite } from "./adding.suite.ts";
import { quickPasswords } from "./client.ts";
import { discussionSuite } from "./discussion.suite.ts";
import { feedsSuite } from "./feeds.suite.ts";
import { guardsSuite } from "./guards.suite.ts";
import { mailSuite } from "./mail.suite.ts";
import { noticesSuite } from "./notices.suite.ts";
import { type Made, peopleSuite } from "./people.suite.ts";
import { samplePaper } from "./sample-paper.ts";
import { summariesSuite } from "./summaries.suite.ts";

const fixtureContent = fileURLToPath(new URL("./fixtures/content", import.meta.url));

/** Declares the tests; `place` is asked for once, before the first of them. */
export function communitySuite(place: () => Promise<DatabasePlace>): void {
  let database: Database;
  let tags: TagSuggester;
  let app: Made["app"];
  const make = async (more: Partial<AppParts> = {}) =>
    createApp({
      ...{ db: database.db, tags, assets: webAssets(await buildWeb()), origin: "https://reprise.test" },
      ...{ contentDir: fixtureContent, papers: [samplePaper], log: (line: string) => void log.push(line) },
      passwords: quickPasswords(),
      ...more,
    });
  const log: string[] = [];
  beforeAll(async () => {
    database = await openDatabase(await place());
    tags = new TagSuggester(database.db);
    await seed(database.db, readContent(fixtureContent));
    app = await make();
  });
  afterAll(async () => {
    await tags?.close();
    await database?.close();
  });
  const made = (): Made => ({ app, db: database.db, make });
  peopleSuite(made);
  accountsSuite(made);
  addingSuite(made);
  summariesSuite(made);
  discussionSuite(made);
  feedsSuite(made);
  noticesSuite(made);
  guardsSuite(made);
  mailSuite(made); // empties the outbox
}
