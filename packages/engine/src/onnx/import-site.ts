// What an import rule sees of a node, and how it reads attributes and constant inputs.
import type { Graph, Value } from "../ir/graph.ts";
import { axisOf, type Tensor, tensor } from "../ir/type.ts";
import type { NodeProto } from "./schema.ts";
import { ModelError } from "./wire.ts";

export interface ImportSite {
  readonly graph: Graph;
  readonly node: NodeProto;
  readonly inputs: readonly (Value | null)[];
  readonly opset: number;
  readonly name: string;
}
export type ImportRule = (site: ImportSite) => Value | readonly Value[];

export const number = ({ node }: ImportSite, key: string, otherwise: number): number =>
  (node.attributes.get(key) as number | undefined) ?? otherwise;
export const string = ({ node }: ImportSite, key: string, otherwise: string): string =>
  (node.attributes.get(key) as string | undefined) ?? otherwise;
export const ints = ({ node }: ImportSite, key: string): readonly number[] | undefined =>
  node.attributes.get(key) as readonly number[] | undefined;

/** The constant of an input, as numbers. */
export function known(value: Value | null | undefined, what: string): number[] {
  if (!value?.constant) throw new ModelError(`its ${what} is computed at run time; only constant ones are supported`);
  return Array.from(value.constant.data as ArrayLike<number | bigint>, Number);
}

/** A count that a node asks for and that we write out: a file of a few bytes must not take all memory. */
export function bounded(count: number, what: string): number {
  if (!(count <= 1 << 24))
    throw new ModelError(`its ${what} has ${count} elements; at most ${1 << 24} are written out`);
  return count;
}

/** Axes given as an attribute or, from some opset on, as an input. */
export function axesOf(site: ImportSite, rank: number, at = 1): readonly number[] | undefined {
  const list = ints(site, "axes") ?? (site.inputs[at] ? known(site.inputs[at], "axes") : undefined);
  return list?.map((axis) => axisOf(axis, rank));
}

export const constant = ({ graph }: ImportSite, data: Tensor): Value => graph.constant(data);
export const shapeConstant = (site: ImportSite, values: readonly number[]): Value =>
  constant(site, tensor("int64", [values.length], values));
