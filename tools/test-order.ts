// The order of the test files, for two workers that both stay busy to the end: long files first, small ones fill up.
import { join } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of more than ten seconds, the longest first; but the second needs no site, so that page and database, which
 * all tests of the site share, are built once and not by both workers. An order that is out of date costs only time.
 */
const long = [
  "apps/site/test/adversarial-browser.test.ts",
  "packages/engine/test/runtime.webgpu.test.ts",
  "apps/site/test/adversarial-tabs-browser.test.ts",
  "apps/site/test/browser.test.ts",
  "apps/site/test/fasttext-browser.test.ts",
  "apps/cli/test/adversarial.test.ts",
  "apps/site/test/server.test.ts",
  "methods/fasttext/test/verbs-reference.test.ts",
  "packages/engine/test/runtime.test.ts",
  "apps/cli/test/fasttext.test.ts",
  "apps/cli/test/reproduce.test.ts",
  "apps/cli/test/reproduce-fasttext.test.ts",
  "apps/cli/test/classifier.test.ts",
  "packages/engine/test/runtime.web.test.ts",
  "methods/fasttext/test/threads.test.ts",
  "methods/fasttext/test/load-memory.test.ts",
  "methods/fasttext/test/train.test.ts",
];

/** Files with a process of their own by length, then those that share one: only neighbours can. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification): number => {
      if (!project.config.isolate) return long.length + 1;
      const place = long.findIndex((file) => join(project.config.root, file) === moduleId);
      return place < 0 ? long.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
