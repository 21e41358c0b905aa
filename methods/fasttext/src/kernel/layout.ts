// Records in the memory that JavaScript and the kernel share: which numbers, in which order, of which type.
import type { Memory } from "./memory.ts";

type Type = "i32" | "i64" | "f64";
export type Layout = Readonly<Record<string, Type>>;

/** Fields in their order. */
const fields = <const Names extends string>(names: Names, type: Type = "i32"): Layout =>
  Object.fromEntries(names.split(" ").map((name) => [name, type]));
/** The records of ../../assembly/tables.ts. */
export const layouts = {
  dictionary: fields(
    "slots slotMask starts counts kinds pool prefix prefixLength size words kept keptMask keptSize seen",
  ),
  matrix: fields("rows dim values codes parts partDim lastDim centroids normCodes normCentroids"),
  tables: fields(
    "dictionary model loss dim wordNgrams bucket minn maxn input output leaves left right pathStarts pathNodes pathCodes sigmoid logs sigmoidLogs",
  ),
  encoding: fields("entries starts rows names wordNgrams bucket dictionary endOfLine lineHashes"),
  job: {
    lr: "f64",
    totalTokens: "i64",
    untilTokens: "i64",
    ...fields(
      "tables lrUpdateRate lines progress labelWeights negatives negativesLength neg ws keep rowStarts rows endOfLine tabledLoss onePass zerosFrom",
    ),
  } as Layout,
  thread: {
    lossSum: "f64",
    ...fields("examples from to at random pendingTokens line hidden grad scores context own team divided"),
  } as Layout,
  copy: fields("shared own before count"),
  own: fields("ids hot count firstCopy before places hotOutputs outputs taken every left hotEvery hotLeft seen"),
  team: {
    seen: "i64",
    ...fields(
      "threads index arrived goal phase maySleep end mostLines mostRows lines hiddens stride firstClass endClass commons commonRows loads counts sorted",
    ),
  } as Layout,
  divided: {
    seen: "i64",
    ...fields(
      "threads index maySleep end firstLine owners ids each firstCopy places splits keys room longest next posts sums stride divided known summed learnt front frontLine line",
    ),
  } as Layout,
  scratch: fields("rows hashes labels word hidden scores topIds topScores rowCount labelCount"),
};

/** A record in memory that a kernel reads: numbers under names. */
export class Struct {
  readonly address: number;
  readonly #view: DataView;
  readonly #fields: ReadonlyMap<string, { offset: number; type: Type }>;

  constructor(memory: Memory, layout: Layout) {
    const places = new Map<string, { offset: number; type: Type }>();
    let size = 0;
    for (const [name, type] of Object.entries(layout)) {
      places.set(name, { offset: size, type });
      size += type === "i32" ? 4 : 8;
    }
    const bytes = memory.bytes(size);
    this.address = bytes.byteOffset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, size);
    this.#fields = places;
  }

  set(values: Readonly<Record<string, number>>): this {
    for (const [name, value] of Object.entries(values)) {
      const { offset, type } = this.#fields.get(name)!;
      if (type === "i32") this.#view.setInt32(offset, value, true);
      else if (type === "f64") this.#view.setFloat64(offset, value, true);
      else this.#view.setBigInt64(offset, BigInt(value), true);
    }
    return this;
  }

  get(name: string): number {
    const { offset, type } = this.#fields.get(name)!;
    return type === "f64" ? this.#view.getFloat64(offset, true) : this.#view.getInt32(offset, true);
  }
}
