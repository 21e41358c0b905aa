// The entry under the name that it had before files that use Node ended in .node.ts: for programs that import by path.
export * from "./index.node.ts";
