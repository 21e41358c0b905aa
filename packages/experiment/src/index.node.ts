export { folderStore } from "./folder-store.node.ts";
export { hashOf, Journal, type RunKey } from "./journal.node.ts";
export { type OutFolder, openOutFolder } from "./out-folder.node.ts";
export { codeVersion, machine } from "./provenance.node.ts";
export { publish, readResults } from "./publish.node.ts";
