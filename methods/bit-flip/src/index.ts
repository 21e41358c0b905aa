// Integers in memory

// The attack
export {
  type Aim,
  type AttackOptions,
  type AttackProgress,
  type AttackResult,
  type AttackStep,
  accuracyOf,
  answersOf,
  bitFlipAttack,
  type Measured,
  measured,
  type Stopped,
  type TestSet,
} from "./attack.ts";
export { type Bits, bitOf, bitWeight, flipBit, hammingDistance, integerRange } from "./bits.ts";
// Defences
export {
  type ChangedGroup,
  changedGroups,
  type Signatures,
  signatureBytes,
  signaturesOf,
  zeroed,
} from "./defences/checksums.ts";
export { type Guard, type GuardedOnnx, guardedOnnx } from "./defences/guarded-onnx.ts";
export {
  type FlipAddress,
  type FlipList,
  type FlippableFile,
  flippableFile,
  flipped,
  type NamedFlip,
  namedFlip,
} from "./flip-list.ts";
// Networks
export { GraphVictim, graphVictim, type NetworkGraph, type Sample } from "./graph-victim.ts";
export type { MemoryLayer } from "./memory.ts";
export type { LeftOut, TargetKind } from "./onnx-arrays.ts";
export {
  type QuantizedOnnxOptions,
  quantizedOnnx,
  rawOffsets,
  type StoredLayer,
  withRawNumbers,
} from "./onnx-file.ts";
export { type OnnxNetwork, type OnnxNetworkOptions, onnxNetwork } from "./onnx-network.ts";
export { dequantize, type QuantizedWeights, type QuantizeOptions, quantize } from "./quantize.ts";
// Without a search
export { drawFlips, type RandomFlipsOptions, type RandomPoint, randomFlips } from "./random-flips.ts";
// Reports
export type { AttackDocument, FlipRow, RandomRow } from "./report/document.ts";
export { flipsForImage, type ImageAim, type ImageAttack, type ImageAttackOptions } from "./samplewise.ts";
// The search
export { type BitFlip, bestBits, changesOf, type SearchOptions, type SearchStep, searchStep } from "./search.ts";
export { type SweepOptions, type SweepPoint, sweep } from "./sweep.ts";
// Targets
export { type TargetedOptions, type TargetedType, targetedSample } from "./targeted.ts";
export type { Victim, VictimLayer, WeightChange } from "./victim.ts";
