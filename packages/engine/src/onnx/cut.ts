// A model cut at one of its values: what leads there, as a model of its own.
import { fieldsOf, MessageWriter, ModelError, text } from "./wire.ts";

/**
 * The part of a model that a value depends on, with this value as its only output. The input's sizes are left open but
 * for its channels, so that a backbone takes images of any size and any number of them.
 *
 * @param value  the name of a value within the graph
 * @param name   what error messages call the model, e.g. its file name
 * @throws ModelError when the bytes are no model, or no node makes the value, naming values that can be had
 */
export function cutOnnx(bytes: Uint8Array, value: string, { name = "model" }: { readonly name?: string } = {}) {
  try {
    return cut(bytes, value, name);
  } catch (cause) {
    if (!(cause instanceof ModelError) || cause.message.startsWith(`${name}: `)) throw cause;
    throw new ModelError(`${name}: not a readable ONNX model: ${cause.message}. Export or download the file again.`, {
      cause,
    });
  }
}

function cut(bytes: Uint8Array, value: string, name: string): Uint8Array {
  const model = new MessageWriter();
  let found = false;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 7 && field.wire === 2) {
      model.bytes(7, cutGraph(field.bytes, value, name));
      found = true;
    } else if (field.wire === 0) model.int(field.id, field.int);
    else model.bytes(field.id, field.bytes);
  }
  if (!found) throw new ModelError("it has no graph");
  return model.finish();
}

function cutGraph(graph: Uint8Array, value: string, name: string): Uint8Array {
  const fields = [...fieldsOf(graph)];
  const nodes = fields.filter(({ id }) => id === 1);
  const makers = new Map(nodes.flatMap((node) => namesIn(node.bytes, 2).map((made) => [made, node] as const)));
  if (!makers.has(value)) {
    const last = [...makers.keys()].slice(-6).map((made) => `"${made}"`);
    throw new ModelError(`${name}: no node makes "${value}". The last values of its graph are ${last.join(", ")}.`);
  }
  const wanted = new Set<string>();
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (wanted.has(next)) continue;
    wanted.add(next);
    const maker = makers.get(next);
    if (maker) waiting.push(...usedBy(maker.bytes));
  }
  const isKept = (node: (typeof nodes)[number]) => namesIn(node.bytes, 2).some((made) => wanted.has(made));
  const out = new MessageWriter();
  for (const field of fields) {
    if (field.id === 1 && !isKept(field)) continue;
    if (field.id === 5 && !wanted.has(namesIn(field.bytes, 8).at(-1) ?? "")) continue;
    // Sparse weights, inputs: by their names. Shapes of other values no longer hold.
    if (field.id === 12 || field.id === 13) continue;
    if (field.id === 11) {
      if (wanted.has(namesIn(field.bytes, 1).at(-1) ?? "")) out.bytes(11, opened(field.bytes));
    } else if (field.wire === 0) out.int(field.id, field.int);
    else out.bytes(field.id, field.bytes);
  }
  const float = new MessageWriter().message(1, new MessageWriter().int(1, 1));
  return out.message(12, new MessageWriter().string(1, value).message(2, float)).finish();
}

/** A ValueInfoProto whose batch and spatial axes are open: axes of 1 or 3 values within an image are its channels. */
function opened(input: Uint8Array): Uint8Array {
  return replaced(input, 2, (type) =>
    replaced(type, 1, (tensor) =>
      replaced(tensor, 2, (shape) => {
        const dims = [...fieldsOf(shape)].filter(({ id }) => id === 1);
        const sizes = dims.map(({ bytes }) => [...fieldsOf(bytes)].find(({ id }) => id === 1)?.int);
        const out = new MessageWriter();
        for (const [axis, dim] of dims.entries()) {
          const isChannels = axis > 0 && (sizes[axis] === 3n || sizes[axis] === 1n);
          if (isChannels) out.bytes(1, dim.bytes);
          else out.message(1, new MessageWriter().string(2, `axis_${axis}`));
        }
        return out.finish();
      }),
    ),
  );
}

function replaced(message: Uint8Array, id: number, by: (part: Uint8Array) => Uint8Array): Uint8Array {
  const out = new MessageWriter();
  for (const field of fieldsOf(message)) {
    if (field.wire === 0) out.int(field.id, field.int);
    else out.bytes(field.id, field.id === id ? by(field.bytes) : field.bytes);
  }
  return out.finish();
}

/** What a node reads, and what the graphs within it may read. */
function usedBy(node: Uint8Array): string[] {
  const inside = [...fieldsOf(node)]
    .filter(({ id }) => id === 5)
    .flatMap(({ bytes }) => [...fieldsOf(bytes)].filter(({ id }) => id === 6 || id === 11))
    .flatMap(({ bytes }) => [...fieldsOf(bytes)].filter(({ id }) => id === 1).flatMap((own) => usedBy(own.bytes)));
  return [...namesIn(node, 1), ...inside].filter((used) => used !== "");
}

const namesIn = (message: Uint8Array, field: number): string[] =>
  [...fieldsOf(message)].filter(({ id, wire }) => id === field && wire === 2).map(({ bytes }) => text(bytes));
