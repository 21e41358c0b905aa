// What onnxruntime-node and onnxruntime-web have in common. Each is handed in, so that neither is loaded by the other.
import type * as Ort from "onnxruntime-common";
import { floatToHalf, halfToFloat } from "../ir/half.ts";
import { allocate, type Data, formatType, sameShape, sizeOf, type Tensor, type Type } from "../ir/type.ts";
import type { Target } from "../lower/lower.ts";
import { findChannelBlock } from "./channel-block.ts";
import type { Resident, RunOptions, Runtime, Session, SessionOptions } from "./runtime.ts";
import { isUnreturned, runUnreturned, withUnreturned } from "./unreturned.ts";

/** What is used of onnxruntime-node and onnxruntime-web. */
export type OrtPackage = Pick<typeof Ort, "InferenceSession" | "Tensor">;

export interface OrtRuntimeOptions {
  readonly target: Target;
  /** Session options of every session, e.g. threads and providers. */
  readonly session: Ort.InferenceSession.SessionOptions;
  /** Whether runs can write into given arrays; elsewhere results replace the resident's array. */
  readonly writesInPlace: boolean;
  /** Whether its kernels may have a blocked layout: only the native CPU's do. */
  readonly blocked?: boolean;
  /** Loads and runs wait for each other, across all sessions: ONNX Runtime Web's WebGPU breaks when they overlap. */
  readonly oneAtATime?: boolean;
}

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Takes turns: each piece of work starts when those before it have ended, well or not. */
function turns(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

class HostResident implements Resident {
  readonly dtype: Type["dtype"];
  readonly shape: Type["shape"];
  data: Data;

  constructor({ dtype, shape }: Type) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = allocate(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    );
  }

  async read(): Promise<Tensor> {
    return { dtype: this.dtype, shape: this.shape, data: this.data.slice() } as Tensor;
  }

  async write(tensor: Tensor): Promise<void> {
    if (tensor.dtype !== this.dtype || !sameShape(tensor.shape, this.shape)) {
      throw new Error(`write: the resident is ${formatType(this)}, the data is ${formatType(tensor)}`);
    }
    this.data.set(tensor.data as never);
  }

  release(): void {
    this.data = allocate(this.dtype, 0);
  }
}

/** A runtime over one of ONNX Runtime's JavaScript packages. */
export function ortRuntime(
  ort: OrtPackage,
  { target, session: common, writesInPlace, blocked = false, oneAtATime = false }: OrtRuntimeOptions,
): Runtime {
  let block: Promise<number> | undefined;
  const turn: Turn = oneAtATime ? turns() : (work) => work();
  const toOrt = ({ dtype, shape, data }: Type & { readonly data: Data }) => new ort.Tensor(dtype, data as never, shape);
  // Half floats live inside a session only: they are float32 on this side of it. They are handed over as integers, since
  // onnxruntime-node 1.30 takes a Float16Array, into which ort.Tensor puts them where there is one, for empty.
  const halved = ({ shape, data }: Type & { readonly data: Data }) => {
    const bits = new ort.Tensor("uint16", Uint16Array.from(data as Float32Array, floatToHalf), shape);
    return Object.defineProperty(bits, "type", { value: "float16" }) as Ort.Tensor;
  };
  const runtime: Runtime = {
    target,
    channelBlock: () => (block ??= blocked ? findChannelBlock(runtime.load) : Promise.resolve(1)),
    async allocate(type) {
      return new HostResident(type);
    },
    async release() {},
    async load(model: Uint8Array, { purpose = "infer" }: SessionOptions = {}): Promise<Session> {
      const unreturned = writesInPlace && purpose === "train";
      const session = await turn(() =>
        ort.InferenceSession.create(unreturned ? withUnreturned(model) : model, {
          ...common,
          graphOptimizationLevel: purpose === "train" ? "basic" : "all",
        }),
      );
      const types = new Map(session.inputMetadata.map((input) => [input.name, input]));
      const outputs = session.outputNames.filter((name) => !isUnreturned(name));
      const made = new Map(session.outputMetadata.map((output) => [output.name, typeIn(output)]));
      return {
        inputs: session.inputNames,
        outputs,
        async run(feeds, { fetch, into = {} }: RunOptions = {}) {
          const given: Record<string, Ort.Tensor> = {};
          for (const [name, value] of Object.entries(feeds)) {
            check(name, value, types.get(name));
            const half = typeOf(types.get(name)) === "float16";
            given[name] = half ? halved(value as HostResident | Tensor) : toOrt(value as HostResident | Tensor);
          }
          for (const name of session.inputNames) if (!given[name]) throw new Error(`run: input "${name}" is missing`);
          const fetches: Record<string, Ort.Tensor | null> = {};
          for (const [name, resident] of Object.entries(into)) {
            fetches[name] = writesInPlace ? toOrt(resident as HostResident) : null;
          }
          for (const name of fetch ?? outputs) fetches[name] ??= null;
          const returned: Record<string, Tensor> = {};
          const rest = Object.keys(fetches).filter((name) => !into[name]);
          if (unreturned && rest.every((name) => made.get(name))) {
            for (const name of rest) {
              const { dtype, shape } = made.get(name)!;
              returned[name] = { dtype, shape, data: allocate(dtype, sizeOf(shape)) } as Tensor;
              fetches[name] = toOrt(returned[name]);
            }
            await turn(() => runUnreturned(session, given, fetches as Record<string, Ort.Tensor>));
            return returned;
          }
          const results = await turn(() => session.run(given, fetches));
          for (const [name, result] of Object.entries(results)) {
            const resident = into[name] as HostResident | undefined;
            if (!resident) {
              returned[name] = fromOrt(result);
            } else if (!writesInPlace) resident.data = result.data as Data;
          }
          return returned;
        },
        release: () => turn(() => session.release()),
      };
    },
  };
  return runtime;
}

function fromOrt({ type, dims: shape, data }: Ort.Tensor): Tensor {
  if (type !== "float16") return { dtype: type, shape, data } as Tensor;
  const { buffer, byteOffset, length } = data as Uint16Array; // a Float16Array, where there is one
  return { dtype: "float32", shape, data: Float32Array.from(new Uint16Array(buffer, byteOffset, length), halfToFloat) };
}

/** An output's type where an array for it can be made beforehand. */
function typeIn(output: Ort.InferenceSession.ValueMetadata): Type | undefined {
  if (!output.isTensor || output.type === "float16" || output.type === "string") return undefined;
  const fixed = output.shape.every((dim) => typeof dim === "number" && dim >= 0);
  return fixed ? { dtype: output.type as Type["dtype"], shape: output.shape as readonly number[] } : undefined;
}

const typeOf = (expected: Ort.InferenceSession.ValueMetadata | undefined): string | undefined =>
  expected?.isTensor ? expected.type : undefined;

function check(name: string, value: Type, expected: Ort.InferenceSession.ValueMetadata | undefined): void {
  if (!expected) throw new Error(`run: the model has no input "${name}"`);
  if (!expected.isTensor) return;
  const fits =
    (expected.type === value.dtype || (expected.type === "float16" && value.dtype === "float32")) &&
    expected.shape.length === value.shape.length &&
    expected.shape.every((dim, i) => typeof dim === "string" || dim < 0 || dim === value.shape[i]);
  if (!fits) {
    throw new Error(
      `run: input "${name}" is ${formatType(value)}; the model expects ${expected.type === "float16" ? "float32" : expected.type} [${expected.shape.join(", ")}]`,
    );
  }
}
