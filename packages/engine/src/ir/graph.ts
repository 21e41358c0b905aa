// The graph: values and the nodes that make them, in the order they were added, which is a topological order.
import { type DType, formatShape, type Shape, ShapeError, type Tensor, type Type, tensor } from "./type.ts";

/** Attributes of a node, named as in ONNX. */
export type Attrs = Readonly<Record<string, number | string | readonly number[] | Tensor | undefined>>;

/** One array of the computation: a graph input, a constant, or an output of a node. */
export interface Value extends Type {
  readonly graph: Graph;
  /** The node that makes it; null for inputs and constants. */
  readonly node: Node | null;
  /** Its place among the node's outputs. */
  readonly index: number;
  /** Its data, when it is known before the graph runs. */
  readonly constant: Tensor | null;
  /** What the user calls it: inputs always have a name. */
  readonly name: string | undefined;
}

/** One application of an operator. An omitted optional input is null. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
  readonly outputs: readonly Value[];
  readonly name: string | undefined;
}

/** What a graph must know of an operator to add a node: how many inputs it takes and what comes out. */
export interface Operator {
  readonly inputs: number | readonly [least: number, most: number];
  infer(inputs: readonly Type[], attrs: Attrs): Type | readonly Type[];
}

/** A graph knows its operators by name only, so that no operator's file needs another's. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs = new Map<string, Value>();
  readonly operators: Readonly<Record<string, Operator>>;

  constructor(operators: Readonly<Record<string, Operator>>) {
    this.operators = operators;
  }

  /** A named array that is given at every run. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.inputs.some((other) => other.name === name)) throw new Error(`graph: two inputs are named "${name}"`);
    const value = { dtype, shape, graph: this, node: null, index: 0, constant: null, name };
    this.inputs.push(value);
    return value;
  }

  /** A value known now. A bare number becomes a scalar of the given dtype. */
  constant(data: Tensor | number, dtype: DType = "float32", name?: string): Value {
    const constant = typeof data === "number" ? tensor(dtype, [], [data]) : data;
    return { dtype: constant.dtype, shape: constant.shape, graph: this, node: null, index: 0, constant, name };
  }

  /**
   * Adds a node and returns its outputs.
   *
   * @throws ShapeError when the inputs do not fit, with the operator's and the node's name in front
   */
  add(op: string, inputs: readonly (Value | null)[], attrs: Attrs = {}, name?: string): readonly Value[] {
    const operator = this.operators[op];
    const label = name ? `${op} "${name}"` : op;
    if (!operator) throw new Error(`${label}: the engine has no operator of this name`);
    const [least, most] = typeof operator.inputs === "number" ? [operator.inputs, operator.inputs] : operator.inputs;
    if (inputs.length < least || inputs.length > most) {
      throw new ShapeError(
        `${label}: ${inputs.length} inputs given, ${least === most ? least : `${least} to ${most}`} expected`,
      );
    }
    for (const input of inputs) {
      if (input && input.graph !== this) throw new Error(`${label}: an input belongs to another graph`);
    }
    let types: Type | readonly Type[];
    try {
      types = operator.infer(inputs as readonly Type[], attrs);
    } catch (error) {
      if (error instanceof ShapeError) throw new ShapeError(`${label}: ${error.message}`, { cause: error });
      throw error;
    }
    const outputs: Value[] = [];
    const node: Node = { op, inputs, attrs, outputs, name };
    for (const [index, { dtype, shape }] of (Array.isArray(types) ? (types as Type[]) : [types as Type]).entries()) {
      if (shape.some((dim) => !Number.isInteger(dim) || dim < 0)) {
        throw new ShapeError(`${label}: the result would have shape ${formatShape(shape)}`);
      }
      outputs.push({ dtype, shape, graph: this, node, index, constant: null, name: undefined });
    }
    this.nodes.push(node);
    return outputs;
  }

  /** Declares a result under a name, which no input and no other result has. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new Error(`graph: two outputs are named "${name}"`);
    if (this.inputs.some((input) => input.name === name)) {
      throw new Error(`graph: output "${name}" has the name of an input; name one of them differently`);
    }
    if (value.graph !== this) throw new Error(`graph: output "${name}" belongs to another graph`);
    this.outputs.set(name, value);
  }
}
