#!/usr/bin/env node
// The command's door. Plain JavaScript, so that Node's compile cache is on before the first TypeScript module is met:
// stripped and compiled modules are kept between runs, which saves a third of a second of each.
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("../src/main.ts");
