export { folderStore } from "./folder-store.node.ts";
export { codeVersion, machine } from "./provenance.node.ts";
export { publish, readResults } from "./publish.node.ts";
