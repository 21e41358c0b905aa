// Files of arrays ↔ the flat vectors of a network, by name.
import { formatShape, type Layout, layoutSize, ModelError, type Tensor, unflatten } from "@reprise/engine";

/**
 * Arrays by name as one flat vector in the order of a layout.
 *
 * @param source  what the arrays came from, for messages
 * @param ignore  names that may be there without being asked for
 * @throws ModelError naming every array that is missing or too many, or the first of another shape, of integers, or
 *                    with a number that is not finite
 */
export function packWeights(
  tensors: Readonly<Record<string, Tensor>>,
  layout: Layout,
  {
    source = "weights",
    ignore = () => false,
  }: { readonly source?: string; readonly ignore?: (name: string) => boolean } = {},
): Float32Array {
  const missing = Object.keys(layout).filter((name) => !Object.hasOwn(tensors, name));
  const extra = Object.keys(tensors).filter((name) => !Object.hasOwn(layout, name) && !ignore(name));
  if (missing.length > 0 || extra.length > 0) {
    const say = [
      ...(missing.length > 0 ? [`${quoted(missing)} missing`] : []),
      ...(extra.length > 0 ? [`${quoted(extra)} not expected`] : []),
    ];
    throw new ModelError(`${source}: ${say.join(", ")}; are these another network's weights?`);
  }
  const flat = new Float32Array(layoutSize(layout));
  for (const [name, { shape, data }] of Object.entries(unflatten(flat, layout))) {
    const given = tensors[name]!;
    if (`${given.shape}` !== `${shape}`)
      throw new ModelError(
        `${source}: "${name}" is ${formatShape(given.shape)}, the network's is ${formatShape(shape)}`,
      );
    if (given.dtype !== "float32" && given.dtype !== "float64")
      throw new ModelError(`${source}: "${name}" holds ${given.dtype}; weights are floats`);
    data.set(given.data as Float32Array | Float64Array);
    const at = data.findIndex((w) => !Number.isFinite(w));
    if (at >= 0) throw new ModelError(`${source}: "${name}" holds ${data[at]} at ${at}; weights must be finite`);
  }
  return flat;
}

const quoted = (names: readonly string[]): string =>
  `${names
    .slice(0, 6)
    .map((name) => `"${name}"`)
    .join(", ")}${names.length > 6 ? ` and ${names.length - 6} more` : ""} ${names.length > 1 ? "are" : "is"}`;
