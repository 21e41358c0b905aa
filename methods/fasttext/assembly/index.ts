// The kernel's exports. Built into src/kernel/wasm-binary.ts by tools/fasttext-kernel.ts.
export { classify, lineRows } from "./classify";
export { average, fillUniform } from "./rows";
export { addEntries, describeEntries, fillSlots } from "./dictionary";
export { divideLine } from "./divided";
export { encode, pickPairs } from "./encode";
export { startRows } from "./start";
export { nameCopies } from "./exchange";
export { countLine, countRows, listBlock, listFrequent, passLines } from "./lines";
export { subwordRows } from "./ngrams";
export { copyEntries, rankEntries } from "./rank";
export { scan, written } from "./text";
export { train } from "./train";
export { vectorLines, vectorText } from "./format";
export { nearestCentroids } from "./centroids";
