// The vocabulary: one function per operator, by which gradient rules, composites, lowerings and users build graphs.
// A number where a value is expected becomes a scalar constant of the other operand's dtype.
export * from "./build/activation.ts";
export * from "./build/conv.ts";
export * from "./build/detect.ts";
export * from "./build/elementwise.ts";
export * from "./build/indexing.ts";
export * from "./build/layout.ts";
export * from "./build/linalg.ts";
export * from "./build/normalize.ts";
export type { Operand } from "./build/operand.ts";
export * from "./build/reduce.ts";
export * from "./build/select.ts";
