// What ONNX takes for the numbers that a node leaves out. The builders take the same; an operator's entry, which the
// importer reads, holds those of its other attributes.
export const defaults = {
  LeakyRelu: { alpha: 0.01 },
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  Elu: { alpha: 1 },
  Selu: { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
  Celu: { alpha: 1 },
  ThresholdedRelu: { alpha: 1 },
  Gemm: { alpha: 1, beta: 1 },
  LRN: { alpha: 1e-4, beta: 0.75, bias: 1 },
  LayerNormalization: { axis: -1, epsilon: 1e-5 },
  BatchNormalization: { epsilon: 1e-5 },
} as const;

/** The numbers of an operator as options of its builder. */
export type Numbers<Op extends keyof typeof defaults> = { readonly [Key in keyof (typeof defaults)[Op]]?: number };
