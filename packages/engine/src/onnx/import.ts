// ONNX model → nodes of a graph. The operators of other opsets become those of ours; see import-rules.ts.
import type { Graph, Value } from "../ir/graph.ts";
import { formatType, isFloat, ShapeError, type Tensor, type Type } from "../ir/type.ts";
import { cast } from "../ops/build.ts";
import { table as operators } from "../ops/table.ts";
import { foldConstant } from "./fold.ts";
import { compositeRules } from "./import-composites.ts";
import { nodesOfCall } from "./import-function.ts";
import { gridRules } from "./import-grid.ts";
import { microsoftRules } from "./import-microsoft.ts";
import { quantizedRules } from "./import-quantized.ts";
import { reduceRules } from "./import-reduce.ts";
import { resizeRules } from "./import-resize.ts";
import { attributesOf, importRules } from "./import-rules.ts";
import { selectRules } from "./import-select.ts";
import type { ImportRule } from "./import-site.ts";
import { windowRules } from "./import-window.ts";
import {
  type FunctionProto,
  functionKey,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ReadExternal,
  readModel,
  type ValueInfo,
} from "./schema.ts";
import { ModelError } from "./wire.ts";

export interface ImportOptions {
  /** What error messages call the model, e.g. its file name. */
  readonly name?: string;
  /** Reads weights that lie in files beside the model; `readOnnx` of @reprise/engine/node does it for files on disk. */
  readonly external?: ReadExternal;
}

/** A parsed model, which can be put into any number of graphs. */
export interface OnnxModel {
  readonly name: string;
  /** Inputs that have no initialiser. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly opset: number;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** The weights, by name. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Operators that the engine has no entry for: the model runs, but cannot be differentiated through them. */
  readonly unknown: readonly { readonly op: string; readonly node: string }[];
  /**
   * Adds the model's nodes to the graph of its inputs. Shapes are those of the inputs, so open dimensions are fixed
   * here; weights become constants, unless `weights` gives values for them.
   *
   * @throws ModelError naming the node, when an operator is unknown or its inputs do not fit
   */
  apply(inputs: Readonly<Record<string, Value>>, weights?: Readonly<Record<string, Value>>): Record<string, Value>;
}

/**
 * Parses an ONNX model.
 *
 * @example
 * const model = importOnnx(bytes, { name: "classifier.onnx" });
 * const f = compile(nodeRuntime(), ({ input }) => {
 *   const { logits } = model.apply({ input });
 *   return { logits, d: gradient(reduceSum(logits), [input])[0] };
 * });
 *
 * @throws ModelError when the bytes are not one, or not a whole one
 */
export function importOnnx(bytes: Uint8Array, { name = "model", external }: ImportOptions = {}): OnnxModel {
  let proto: ModelProto;
  try {
    proto = readModel(bytes, external);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`${name}: not a readable ONNX model: ${error.message}. Export or download the file again.`, {
      cause: error,
    });
  }
  const opset = opsetOf(proto, name);
  const { graph } = proto;
  const inputs = graph.inputs.filter((input) => !graph.initializers.has(input.name));
  return {
    name,
    inputs,
    outputs: graph.outputs,
    opset,
    producer: proto.producer,
    metadata: proto.metadata,
    initializers: graph.initializers,
    unknown: unknownIn(graph.nodes, proto.functions),
    apply: (given, weights = {}) => apply(proto, name, opset, inputs, given, weights),
  };
}

const rules: Readonly<Record<string, ImportRule>> = {
  ...importRules,
  ...reduceRules,
  ...windowRules,
  ...resizeRules,
  ...gridRules,
  ...selectRules,
  ...quantizedRules,
  ...compositeRules,
  ...microsoftRules,
};
/** Written as one of our operators; those that we pad to a fixed shape are not what the file means. */
const isOurs = (op: string): boolean => typeof operators[op]?.since === "number" && operators[op].padded === undefined;
const isKnown = (node: NodeProto): boolean =>
  rules[labelOf(node)] !== undefined || (node.domain === "" && (isOurs(node.op) || node.op === "If"));
const labelOf = ({ op, domain }: NodeProto): string => (domain ? `${domain}.${op}` : op);

/** The newest opset whose operators are read: 24 and 25 add Swish and TensorScatter to 23's, and types. */
const NEWEST = 25;

/** @throws ModelError where gradients cannot be had; the file may run all the same */
function opsetOf({ opsets }: ModelProto, name: string): number {
  const opset = opsets.get("");
  const elsewhere = "The model can still be run, or attacked without gradients.";
  if (opset === undefined) {
    const domains = [...opsets.keys()].map((domain) => `"${domain}"`).join(", ") || "none";
    throw new ModelError(
      `${name}: it has no operators of ai.onnx (its domains: ${domains}), and only those have gradients. ${elsewhere}`,
    );
  }
  if (opset < 1 || opset > NEWEST) {
    throw new ModelError(
      `${name}: it uses opset ${opset}; opsets 1 to ${NEWEST} of ai.onnx are read for gradients. Convert it with onnx.version_converter. ${elsewhere}`,
    );
  }
  return opset;
}

type Functions = ReadonlyMap<string, FunctionProto>;

/** Nodes without an entry, in the graph and in the functions that it calls. */
function unknownIn(nodes: readonly NodeProto[], functions: Functions): { op: string; node: string }[] {
  const seen = new Set<string>();
  const look = (own: readonly NodeProto[]): { op: string; node: string }[] =>
    own.flatMap((node) => {
      const key = functionKey(node);
      const called = functions.get(key);
      if (!called) return isKnown(node) ? [] : [{ op: labelOf(node), node: node.name || (node.outputs[0] ?? "") }];
      if (seen.has(key)) return [];
      seen.add(key);
      return look(called.nodes);
    });
  return look(nodes);
}

type Environment = Map<string, Value>;

function apply(
  { graph: proto, functions }: ModelProto,
  name: string,
  opset: number,
  expected: readonly ValueInfo[],
  given: Readonly<Record<string, Value>>,
  weights: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const graph = Object.values(given)[0]?.graph;
  if (!graph)
    throw new ModelError(`${name}: no input was given; it needs ${expected.map((input) => input.name).join(", ")}`);
  const env: Environment = new Map();
  for (const input of expected) {
    const value = given[input.name];
    if (!value)
      throw new ModelError(`${name}: input "${input.name}" was not given; given were ${Object.keys(given).join(", ")}`);
    checkInput(name, input, value);
    env.set(input.name, value);
  }
  addGraph(graph, proto, env, { name, opset, weights, functions, depth: 0, budget: { nodes: LARGEST } });
  return Object.fromEntries(
    proto.outputs.map((output) => {
      const value = env.get(output.name);
      if (!value) throw new ModelError(`${name}: nothing makes its output "${output.name}"`);
      // Sums of integers are computed in float32.
      const whole = output.dtype !== null && !isFloat(output.dtype) && isFloat(value.dtype);
      return [output.name, whole ? cast(value, output.dtype!) : value];
    }),
  );
}

interface Context {
  readonly name: string;
  readonly opset: number;
  /** Values that stand for initialisers. */
  readonly weights: Readonly<Record<string, Value>>;
  readonly functions: Functions;
  /** How many calls of functions stand around. */
  readonly depth: number;
  /** How many nodes calls may still become: a few functions that call each other twice would be millions. */
  readonly budget: { nodes: number };
}

const LARGEST = 1 << 17;
const DEEPEST = 64;

/** Adds a graph's nodes and puts the values that they make, by name, into the environment. */
function addGraph(graph: Graph, proto: GraphProto, env: Environment, context: Context): void {
  const { weights } = context;
  for (const [key, data] of proto.initializers) env.set(key, weights[key] ?? graph.constant(data, data.dtype, key));
  addNodes(graph, proto.nodes, env, context);
}

function addNodes(graph: Graph, nodes: readonly NodeProto[], env: Environment, context: Context): void {
  const { name } = context;
  for (const node of nodes) {
    const label = `operator "${labelOf(node)}" (node "${node.name || node.outputs[0]}")`;
    const inputs = node.inputs.map((key) => {
      if (key === "") return null;
      const value = env.get(key);
      if (!value)
        throw new ModelError(
          `${name}: ${label} reads "${key}", which nothing before it makes: the graph has a cycle, is out of order or is cut off`,
        );
      return value;
    });
    const called = context.functions.get(functionKey(node));
    const refusal = called ? null : refusalOf(node);
    if (refusal) throw new ModelError(`${name}: ${label} ${refusal}`);
    let outputs: readonly (Value | undefined)[];
    if (called) outputs = addCall(graph, called, node, inputs, context, label);
    else if (node.op === "If") outputs = addBranch(graph, node, inputs[0], env, context, label);
    else {
      try {
        outputs = addNode(graph, node, inputs, context.opset);
      } catch (error) {
        throw new ModelError(`${name}: ${label}${whyNot(error)}`, { cause: error });
      }
    }
    for (const [i, key] of node.outputs.entries()) {
      if (!key) continue;
      if (env.has(key)) throw new ModelError(`${name}: ${label} makes "${key}" a second time`);
      if (outputs[i]) env.set(key, outputs[i]);
    }
  }
}

/** What an error of a node's rule tells of the node: rules take inputs and attributes to be those of the operator. */
function whyNot(error: unknown): string {
  if (error instanceof ShapeError || error instanceof ModelError) return `: ${error.message}`;
  if (error instanceof TypeError || error instanceof RangeError)
    return " has inputs or attributes in a form that is not known here; the file is damaged, or of an unusual exporter";
  throw error;
}

/** Why a node cannot be added at all. */
function refusalOf(node: NodeProto): string | null {
  if (node.attributes.has("broadcast") || node.attributes.has("consumed_inputs"))
    return "is written as before opset 7. Convert the model with onnx.version_converter.";
  if (!isKnown(node))
    return "is not supported for gradients. The model can still be run, or attacked without gradients.";
  return null;
}

/** A function's nodes in place of its call. What they are called is theirs: they see nothing of what is around it. */
function addCall(
  graph: Graph,
  called: FunctionProto,
  call: NodeProto,
  inputs: readonly (Value | null)[],
  context: Context,
  label: string,
): (Value | undefined)[] {
  const { name, depth, budget } = context;
  budget.nodes -= called.nodes.length;
  if (depth >= DEEPEST || budget.nodes < 0)
    throw new ModelError(`${name}: ${label}: its functions call each other without end, or are too many`);
  const env: Environment = new Map();
  for (const [i, key] of called.inputs.entries()) {
    const input = inputs[i];
    if (input) env.set(key, input);
  }
  // An input that the call leaves out is left out by the nodes that take it.
  const omitted = new Set(called.inputs.filter((key) => !env.has(key)));
  const nodes = nodesOfCall(called, call).map((node) => ({
    ...node,
    inputs: node.inputs.map((key) => (omitted.has(key) ? "" : key)),
  }));
  const opset = called.opsets.get("") ?? context.opset;
  addNodes(graph, nodes, env, { ...context, opset, weights: {}, depth: depth + 1 });
  return called.outputs.map((key, i) => {
    const value = env.get(key);
    if (!value && call.outputs[i]) throw new ModelError(`${name}: ${label}: nothing in its function makes "${key}"`);
    return value;
  });
}

/** The branch that a constant condition takes, in place of the node. */
function addBranch(
  graph: Graph,
  node: NodeProto,
  condition: Value | null | undefined,
  env: Environment,
  context: Context,
  label: string,
): Value[] {
  const taken = condition?.constant?.data[0];
  if (taken === undefined) {
    throw new ModelError(
      `${context.name}: ${label} decides at run time; gradients need a branch that is known. The model can still be run, or attacked without gradients.`,
    );
  }
  const branch = node.attributes.get(taken ? "then_branch" : "else_branch");
  if (typeof branch !== "object" || !("graph" in branch))
    throw new ModelError(`${context.name}: ${label} has no branch`);
  // A branch sees the values around it; what it makes itself is its own.
  const inner: Environment = new Map(env);
  addGraph(graph, branch.graph, inner, { ...context, weights: {} });
  return branch.graph.outputs.map(({ name }) => {
    const value = inner.get(name);
    if (!value) throw new ModelError(`${context.name}: ${label}: nothing makes "${name}", which its branch returns`);
    return value;
  });
}

function addNode(graph: Graph, node: NodeProto, inputs: readonly (Value | null)[], opset: number): readonly Value[] {
  const rule = rules[labelOf(node)];
  let outputs: readonly Value[];
  if (rule) {
    const made = rule({ graph, node, inputs, opset, name: node.name || node.outputs[0]! });
    outputs = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
  } else {
    const { attrs, rest } = attributesOf(operators[node.op]!, node, inputs);
    outputs = graph.add(node.op, rest, attrs, node.name || node.outputs[0]);
  }
  return outputs.map((output) => {
    const folded = foldConstant(output);
    return folded ? graph.constant(folded) : output;
  });
}

function checkInput(name: string, { name: key, dtype, shape, other }: ValueInfo, value: Type): void {
  if (other) throw new ModelError(`${name}: input "${key}" is ${other}; only tensors are supported`);
  const fits =
    (dtype === null || dtype === value.dtype || (dtype === "float32" && value.dtype === "float64")) &&
    (shape === null ||
      (shape.length === value.shape.length &&
        shape.every((dim, i) => typeof dim !== "number" || dim <= 0 || dim === value.shape[i])));
  if (!fits) {
    throw new ModelError(
      `${name}: input "${key}" was given as ${formatType(value)}; the model takes ${dtype} [${(shape ?? []).map((dim) => dim ?? "?").join(", ")}]`,
    );
  }
}
