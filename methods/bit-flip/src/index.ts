// Integers in memory
export { type Bits, bitOf, bitWeight, flipBit, hammingDistance, integerRange } from "./bits.ts";
export { GraphVictim, graphVictim, type IntegerLayer, type NetworkGraph, type Sample } from "./graph-victim.ts";
export { dequantize, type QuantizedWeights, type QuantizeOptions, quantize } from "./quantize.ts";
// The search
export { type BitFlip, bestBits, changesOf, type SearchOptions, type SearchStep, searchStep } from "./search.ts";
export type { Victim, VictimLayer, WeightChange } from "./victim.ts";
