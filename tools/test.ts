// The whole test suite; arguments are passed to Vitest. Ends with the line "N passed, N failed, N skipped".
import { startVitest } from "vitest/node";
import { installBrowser } from "./browser.ts";

installBrowser();
const vitest = await startVitest(
  "test",
  process.argv.slice(2).filter((arg) => !arg.startsWith("-")),
  { watch: false },
);
const count = { passed: 0, failed: 0, skipped: 0 };
for (const module of vitest.state.getTestModules()) {
  if (module.errors().length > 0) count.failed++; // a file that could not be loaded
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed" || state === "failed") count[state]++;
    else count.skipped++;
  }
}
const stray = vitest.state.getUnhandledErrors().length;
await vitest.close();
console.log(`${count.passed} passed, ${count.failed + stray} failed, ${count.skipped} skipped`);
process.exit(count.failed + stray > 0 || count.passed === 0 ? 1 : 0);
