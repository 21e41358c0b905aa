import * as activation from "./activation.ts";
import * as conv from "./conv.ts";
import { RoiAlign } from "./detect.ts";
import { Einsum } from "./einsum.ts";
import * as elementwise from "./elementwise.ts";
import * as indexing from "./indexing.ts";
import * as layout from "./layout.ts";
import * as linalg from "./linalg.ts";
import { LRN } from "./lrn.ts";
import * as normalize from "./normalize.ts";
import type { OpDef } from "./op.ts";
import { DequantizeLinear, QuantizeLinear } from "./quantize.ts";
import * as reduce from "./reduce.ts";
import { Resize } from "./resize.ts";
import * as select from "./select.ts";
import * as trigonometry from "./trigonometry.ts";

const { convSizes: _, ...convolutions } = conv;

const entries = {
  ...elementwise,
  ...activation,
  ...trigonometry,
  ...reduce,
  ...linalg,
  ...layout,
  ...indexing,
  ...select,
  ...convolutions,
  ...normalize,
  LRN,
  QuantizeLinear,
  DequantizeLinear,
  Einsum,
  Resize,
  RoiAlign,
};

/** The names of the engine's operators. */
export type OperatorName = keyof typeof entries;
/** The attributes of an operator, as its entry declares them. */
export type AttrsOf<Op extends OperatorName> = (typeof entries)[Op] extends OpDef<infer A> ? A : never;

/** Every operator the engine knows, by its ONNX name. */
// biome-ignore lint/suspicious/noExplicitAny: each entry checks its own attributes; the table holds them all
export const table: Readonly<Record<string, OpDef>> = entries as Record<string, OpDef<any>>;
