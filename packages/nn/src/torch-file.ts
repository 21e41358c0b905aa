// Files of torch.save (.pt, .pth, .th): a zip archive with a pickle and one record per storage, or, before PyTorch 1.6,
// pickles and storages one after the other. The pickle is read by a machine that knows tensors and plain data only, so
// that a hostile file is refused by the name of what it asks for.
import { formatShape, ModelError, sizeOf, type Tensor } from "@reprise/engine";
import { quoted } from "./quoted.ts";
import { type StoredDType, storedDTypes } from "./stored-dtypes.ts";
import { type Meaning, type Pickled, Tuple, unpickle } from "./torch-file/pickle.ts";
import { isZip, readZip } from "./torch-file/zip.ts";

/** What a file may hold. Tuples have become lists; half floats are float32 and 16-bit integers int32. */
export type TorchValue = null | boolean | number | bigint | string | Tensor | TorchList | TorchDict;
export interface TorchList extends ReadonlyArray<TorchValue> {}
/** A dict; its keys are strings, numbers, booleans or None. */
export interface TorchDict extends ReadonlyMap<string | number | bigint | boolean | null, TorchValue> {}

export interface TorchFileOptions {
  /** The file's name in messages. */
  readonly source?: string;
}

/** Things on the pickle's stack that only PyTorch has. */
type Torch = StorageType | Storage | LazyTensor;
class StorageType {
  readonly name: string;
  readonly stored: StoredDType;
  constructor(name: string, stored: StoredDType) {
    this.name = name;
    this.stored = stored;
  }
}
class Storage {
  readonly type: StorageType;
  readonly key: string;
  /** Number of elements. */
  readonly length: number;
  constructor(type: StorageType, key: string, length: number) {
    this.type = type;
    this.key = key;
    this.length = length;
  }
}
/** A view of a storage, whose bytes may come later in the file. Shape, strides and offset lie inside the storage. */
class LazyTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const storageTypes: Readonly<Record<string, string>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** Every Python name that is understood, and what it means. */
const globals: Readonly<Record<string, Meaning<Torch>>> = {
  "collections.OrderedDict": (args) => {
    if (args.length > 0) throw new ModelError("is called with items; PyTorch makes an empty one and fills it");
    return new Map();
  },
  "torch._utils._rebuild_tensor": rebuildTensor,
  "torch._utils._rebuild_tensor_v2": rebuildTensor, // then requires_grad, hooks and metadata, of which we need none
  "torch._utils._rebuild_parameter": ([tensor]) => {
    if (tensor instanceof LazyTensor) return tensor;
    throw new ModelError("is called with what is not a tensor");
  },
  ...Object.fromEntries(
    Object.entries(storageTypes).map(([name, stored]) => [
      `torch.${name}`,
      { value: new StorageType(name, storedDTypes[stored]!) },
    ]),
  ),
};

const MAX_RANK = 64; // PyTorch's own limit
const MAX_DEPTH = 100;
const MAX_VALUES = 1_000_000;
/** Views may repeat a storage: how many times the file's size all tensors together may take, and how much on top. */
const MAX_GROWTH = 8;
const SMALL_BYTES = 2 ** 26;

/**
 * The value in a file of torch.save, with every tensor copied out of its storage.
 *
 * @throws ModelError naming the file, when it is cut off or damaged, is no such file, asks for anything but tensors
 *                    and plain data, or unfolds to far more than its size
 */
export function readTorchFile(bytes: Uint8Array, { source = "torch file" }: TorchFileOptions = {}): TorchValue {
  const { value, storageBytes } = isZip(bytes) ? readArchive(bytes, source) : readLegacy(bytes, source);
  return unfold(value, storageBytes, source, bytes.length * MAX_GROWTH + SMALL_BYTES);
}

/** What each of the two formats gives: the pickled value, and the bytes of a storage. */
interface Parts {
  readonly value: Pickled<Torch>;
  readonly storageBytes: (storage: Storage) => Uint8Array;
}

function readArchive(bytes: Uint8Array, source: string): Parts {
  const entries = readZip(bytes, { source });
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new ModelError(
      `${source}: the zip archive has ${pickles.length} records "<name>/data.pkl"; torch.save writes one (a TorchScript model or another archive is not read)`,
    );
  }
  const root = pickles[0]!.slice(0, -"data.pkl".length);
  if (entries.has(`${root}constants.pkl`))
    throw new ModelError(`${source}: this is a TorchScript model; save its state_dict with torch.save`);
  const order = entries.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order) !== "little")
    throw new ModelError(`${source}: its numbers are big-endian; save it on a little-endian machine`);
  const { value } = unpickle<Torch>(entries.get(pickles[0]!)!, { source, globals, persistent: storageOf });
  return {
    value,
    storageBytes({ key, length, type }) {
      const record = entries.get(`${root}data/${key}`);
      if (!record) throw new ModelError(`${source}: the record of storage ${quoted(key)} is missing`);
      if (record.length !== length * type.stored.bytes)
        throw new ModelError(
          `${source}: storage ${quoted(key)} is ${sizeText({ length, type })}, its record has ${record.length}`,
        );
      return record;
    },
  };
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

function readLegacy(bytes: Uint8Array, source: string): Parts {
  let offset = 0;
  const next = (): Pickled<Torch> => {
    const { value, end } = unpickle<Torch>(bytes, { source, offset, globals, persistent: storageOf });
    offset = end;
    return value;
  };
  if (bytes[0] !== 0x80 || next() !== LEGACY_MAGIC)
    throw new ModelError(`${source}: neither of the two formats of torch.save; give a .pt, .pth or .th file`);
  const protocol = next();
  if (protocol !== LEGACY_PROTOCOL) {
    const found = typeof protocol === "number" ? protocol : "unknown";
    throw new ModelError(`${source}: version ${found} of the format; ${LEGACY_PROTOCOL} is known`);
  }
  const system = next();
  if (!(system instanceof Map) || system.get("little_endian") !== true)
    throw new ModelError(`${source}: its numbers are big-endian; save it on a little-endian machine`);
  const value = next();
  const keys = next();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
    throw new ModelError(`${source}: the list of storages is missing`);
  const starts = new Map<string, { at: number; length: number }>();
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A storage gives its number of elements, not of bytes: the tensors tell its type.
  const types = new Map([...storagesIn(value)].map((storage) => [storage.key, storage.type]));
  for (const key of keys) {
    if (offset + 8 > bytes.length) throw new ModelError(`${source}: the file is cut off before storage ${quoted(key)}`);
    const length = file.getBigUint64(offset, true);
    const type = types.get(key);
    if (!type) throw new ModelError(`${source}: storage ${quoted(key)} belongs to no tensor`);
    offset += 8;
    if (length > BigInt(Math.floor((bytes.length - offset) / type.stored.bytes))) {
      throw new ModelError(
        `${source}: storage ${quoted(key)} is said to have ${length} numbers, the file has ${bytes.length - offset} bytes left; it is cut off`,
      );
    }
    if (starts.has(key)) throw new ModelError(`${source}: storage ${quoted(key)} comes twice`);
    starts.set(key, { at: offset, length: Number(length) });
    offset += Number(length) * type.stored.bytes;
  }
  if (offset !== bytes.length)
    throw new ModelError(`${source}: ${bytes.length - offset} bytes at the end belong to no storage`);
  return {
    value,
    storageBytes({ key, length, type }) {
      const found = starts.get(key);
      if (!found) throw new ModelError(`${source}: the numbers of storage ${quoted(key)} are missing`);
      if (found.length !== length)
        throw new ModelError(
          `${source}: storage ${quoted(key)} is ${sizeText({ length, type })}, it has ${found.length} numbers`,
        );
      return bytes.subarray(found.at, found.at + length * type.stored.bytes);
    },
  };
}

const sizeText = ({ length, type }: Pick<Storage, "length" | "type">): string =>
  `${type.name} of ${length}, ${length * type.stored.bytes} bytes`;

/** ("storage", type, key, device, number of elements), then in the old format a view, which must be None. */
function storageOf(id: Pickled<Torch>): Storage {
  const [word, type, key, , length, view = null] = id instanceof Tuple ? id.items : [];
  if (word !== "storage" || typeof key !== "string" || !isCount(length) || view !== null)
    throw new ModelError("a persistent id is not that of a storage");
  if (!(type instanceof StorageType)) throw new ModelError(`storage ${quoted(key)} has no known type`);
  return new Storage(type, key, length);
}

function rebuildTensor(args: readonly Pickled<Torch>[]): LazyTensor {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage)) throw new ModelError("is called without a storage");
  const sizes = shape instanceof Tuple ? shape.items : null;
  const steps = strides instanceof Tuple ? strides.items : null;
  if (!isCount(offset) || !sizes?.every(isCount) || !steps?.every(isCount) || sizes.length !== steps.length)
    throw new ModelError("is called with an offset, a shape or strides that are not counts");
  if (sizes.length > MAX_RANK) throw new ModelError(`makes a tensor of ${sizes.length} axes`);
  const last = sizes.reduce((end, size, i) => end + (size - 1) * steps[i]!, offset);
  if (!sizes.includes(0) && !(last < storage.length)) {
    throw new ModelError(
      `makes a tensor ${formatShape(sizes)} with strides ${formatShape(steps)} from ${offset}, which goes past the ${storage.length} numbers of storage ${quoted(storage.key)}`,
    );
  }
  return new LazyTensor(storage, offset, sizes, steps);
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

/** Every storage that a value's tensors view; each list and dict is entered once. */
function* storagesIn(root: Pickled<Torch>): Generator<Storage> {
  const seen = new Set<unknown>([root]);
  for (const value of seen) {
    if (value instanceof LazyTensor) yield value.storage;
    else if (value instanceof Tuple || Array.isArray(value))
      for (const item of value instanceof Tuple ? value.items : value) seen.add(item);
    else if (value instanceof Map) for (const item of value.values()) seen.add(item);
  }
}

/** Plain values for the machine's, as a tree: what is shared is repeated, so size and depth are bounded. */
function unfold(
  root: Pickled<Torch>,
  storageBytes: Parts["storageBytes"],
  source: string,
  byteBudget: number,
): TorchValue {
  let values = 0;
  let left = byteBudget;
  const tensorOf = ({ storage, offset, shape, strides }: LazyTensor): Tensor => {
    const { stored } = storage.type;
    const count = sizeOf(shape);
    left -= count * stored.bytes * 2; // 16-bit numbers become 32-bit ones
    if (!(left >= 0))
      throw new ModelError(`${source}: its tensors are far larger than the file, e.g. ${formatShape(shape)}; refused`);
    const bytes = gather(storageBytes(storage), stored.bytes, { offset, shape, strides });
    return { dtype: stored.dtype, shape, data: stored.decode(bytes) } as Tensor;
  };
  const plain = (value: Pickled<Torch>, depth: number): TorchValue => {
    if (++values > MAX_VALUES)
      throw new ModelError(`${source}: it unfolds to more than ${MAX_VALUES} values; no file of weights does`);
    if (depth > MAX_DEPTH)
      throw new ModelError(`${source}: it is nested more than ${MAX_DEPTH} deep, or contains itself`);
    if (value instanceof LazyTensor) return tensorOf(value);
    if (value instanceof Storage || value instanceof StorageType)
      throw new ModelError(`${source}: it holds a storage without a tensor; save tensors`);
    if (value instanceof Tuple) return value.items.map((item) => plain(item, depth + 1));
    if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
    if (value instanceof Map)
      return new Map([...value].map(([key, item]) => [key as string, plain(item, depth + 1)] as const));
    return value;
  };
  return plain(root, 0);
}

/** The bytes of a view's elements in row-major order. */
function gather(
  storage: Uint8Array,
  width: number,
  { offset, shape, strides }: Pick<LazyTensor, "offset" | "shape" | "strides">,
): Uint8Array {
  const count = sizeOf(shape);
  let dense = 1;
  let contiguous = true;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== dense) contiguous = false;
    dense *= shape[axis]!;
  }
  if (contiguous || count === 0) return storage.subarray(offset * width, (offset + count) * width);
  const out = new Uint8Array(count * width);
  const place = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    for (let byte = 0; byte < width; byte++) out[to * width + byte] = storage[from * width + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      place[axis] = 0;
    }
  }
  return out;
}
