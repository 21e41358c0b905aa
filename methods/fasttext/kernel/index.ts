// The kernel's exports. Built into src/wasm-binary.ts by tools (see README of this folder).
export { classify, lineRows } from "./classify";
export { average, fillUniform, mergeCopies } from "./rows";
export { addEntries, entryHashes, fillSlots } from "./dictionary";
export { divideLine } from "./divided";
export { encode } from "./encode";
export { nameCopies } from "./exchange";
export { countLine, countRows, listBlock, listFrequent, passLines } from "./lines";
export { subwordRows } from "./ngrams";
export { scan, written } from "./text";
export { train } from "./train";
export { vectorLines, vectorText } from "./format";
export { nearestCentroids } from "./centroids";
