// Functions that a model defines itself: a call is replaced by the function's nodes.
import type { AttributeValue, FunctionProto, GraphProto, NodeProto } from "./schema.ts";

type Attributes = ReadonlyMap<string, AttributeValue>;

/** A function's nodes with the attributes of one call in place of the references to them. */
export function nodesOfCall({ nodes, defaults }: FunctionProto, call: NodeProto): NodeProto[] {
  const given = new Map([...defaults, ...call.attributes]);
  return nodes.map((node) => resolved(node, given));
}

/** An attribute that refers to one that the call leaves out is left out as well. */
function resolved(node: NodeProto, given: Attributes): NodeProto {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, value] of node.attributes) {
    const own = typeof value === "object" && "reference" in value ? given.get(value.reference) : value;
    if (own !== undefined) attributes.set(key, inside(own, given));
  }
  return { ...node, attributes };
}

/** The nodes of a branch may refer to the call's attributes too. */
function inside(value: AttributeValue, given: Attributes): AttributeValue {
  if (typeof value !== "object" || !("graph" in value)) return value;
  const graph: GraphProto = { ...value.graph, nodes: value.graph.nodes.map((node) => resolved(node, given)) };
  return { graph };
}
