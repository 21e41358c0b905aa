// What an operator's entry holds. One entry is everything the engine knows of an operator but its lowerings.
import type { Attrs, Operator, Value } from "../ir/graph.ts";
import type { DType, Type } from "../ir/type.ts";

/** What a gradient rule sees: inputs x, outputs y, the gradients dy of the outputs, and which inputs need one. */
export interface GradientSite<A> {
  /** Inputs; an omitted optional input is typed as present, so a rule that has one tests `need` first. */
  readonly x: readonly [Value, Value, Value, ...Value[]];
  readonly y: readonly [Value, Value, ...Value[]];
  /** Gradient of the first output, in its shape. */
  readonly dy: Value;
  /** Gradients of all outputs; null where nothing depends on one. */
  readonly dys: readonly (Value | null)[];
  readonly attrs: A;
  /** Rules skip the work of inputs that need nothing. */
  readonly need: readonly boolean[];
}

/**
 * Gradients of the inputs, in their order; null where there is none. A gradient may keep axes that its input was
 * broadcast over: the sweep sums them.
 */
export type GradientRule<A> = (site: GradientSite<A>) => readonly (Value | null)[];

/** Where ONNX has an attribute among a node's inputs. */
export interface AttributeInput {
  readonly at: number;
  /** "like": that of input 0. */
  readonly dtype: DType | "like";
  /** A list of numbers; otherwise one, which files also write as a list of one. */
  readonly list?: true;
}

export interface OpDef<A extends Attrs = Attrs> extends Operator {
  /** The lowest opset whose spelling of the operator is the one we write; `null`: ours alone, lowered before export. */
  readonly since: number | null;
  /** Where the name is not one of ai.onnx; the entry's key is then "domain.Name". */
  readonly domain?: string;
  infer(inputs: readonly [Type, Type, Type, ...Type[]], attrs: A): Type | readonly Type[];
  readonly grad: GradientRule<A> | "none";
  /** Outputs from this place on are left out of the file when nothing needs them; kernels take no gaps elsewhere. */
  readonly optionalFrom?: number;
  /** The axis along which ONNX's first output has only what was found; the exporter pads it to our shape with −1. */
  readonly padded?: number;
  /** What ONNX takes for attributes that a file leaves out, where we always write them; some depend on the inputs. */
  readonly defaults?: Partial<A> | ((inputs: readonly Type[]) => Partial<A>);
  /** Attributes that ONNX writes as float; other numbers are integers there. */
  readonly floats?: readonly string[];
  /** Attributes that ONNX takes as constant inputs. */
  readonly asInputs?: Readonly<Record<string, AttributeInput>>;
}

/** Declares an operator; a forgotten gradient is a type error. */
export const op = <A extends Attrs>(def: OpDef<A>): OpDef<A> => def;
