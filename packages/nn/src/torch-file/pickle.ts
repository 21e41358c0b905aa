// A virtual machine for Python's pickles (protocols 2 to 5) that knows plain data and nothing else: dicts, lists,
// tuples, strings, numbers, booleans and None. Names of Python objects mean only what the caller's table says; every
// other name, and every instruction that would make or change an object, is refused where it stands.
import { ModelError } from "@reprise/engine";
import { quoted } from "../quoted.ts";

/** What a pickle may hold; `H` are the caller's own things. Lists and dicts may contain themselves. */
export type Pickled<H> = null | boolean | number | bigint | string | Pickled<H>[] | Tuple<H> | PickledMap<H> | H;
interface PickledMap<H> extends Map<Pickled<H>, Pickled<H>> {}

/** A Python tuple, which arguments must be. */
export class Tuple<H> {
  readonly items: readonly Pickled<H>[];
  constructor(items: readonly Pickled<H>[]) {
    this.items = items;
  }
}

/** What a name means: a function to call with arguments, or a value. */
export type Meaning<H> = Callee<H> | { readonly value: H };
type Callee<H> = (args: readonly Pickled<H>[]) => Pickled<H>;

/** A function of the caller's table on the stack: it can be called, and nothing else. */
class Global<H> {
  readonly path: string;
  readonly call: Callee<H>;
  constructor(path: string, call: Callee<H>) {
    this.path = path;
    this.call = call;
  }
}

export interface UnpickleOptions<H> {
  /** The file's name in messages. */
  readonly source: string;
  /** Where the pickle starts; what follows its end is left alone. */
  readonly offset?: number;
  /** Every name that is allowed, as `module.name`. */
  readonly globals?: Readonly<Record<string, Meaning<H>>>;
  /** What a persistent id stands for. */
  readonly persistent?: (id: Pickled<H>) => H;
}

/** The pickles of the largest published checkpoints have some hundred thousand instructions. */
const MAX_INSTRUCTIONS = 4_000_000;
/** Lists, dicts, tuples and open MARKs: one instruction of a byte makes an object of a hundred. */
const MAX_CONTAINERS = 500_000;

/** Instructions that would import, call or change objects, and types that weights do not need. */
const refused: Readonly<Record<number, string>> = {
  105: "INST", // i
  111: "OBJ", // o
  129: "NEWOBJ",
  146: "NEWOBJ_EX",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  80: "PERSID", // P
  66: "BINBYTES", // B
  67: "SHORT_BINBYTES", // C
  142: "BINBYTES8",
  150: "BYTEARRAY8",
  151: "NEXT_BUFFER",
  152: "READONLY_BUFFER",
  143: "EMPTY_SET",
  144: "ADDITEMS",
  145: "FROZENSET",
};

/**
 * The value of one pickle, and the byte behind it.
 *
 * @throws ModelError naming the file and the byte, when the pickle is cut off, not one, or asks for what is not allowed
 */
export function unpickle<H>(
  bytes: Uint8Array,
  { source, offset = 0, globals = {}, persistent }: UnpickleOptions<H>,
): { value: Pickled<H>; end: number } {
  type Item = Pickled<H> | Global<H>;
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = offset;
  let start = offset;
  let stack: Item[] = [];
  const outer: Item[][] = []; // what lay on the stack before each open MARK
  const memo = new Map<number, Item>();
  let containers = 0;

  const fail = (problem: string): never => {
    throw new ModelError(`${source}: byte ${start} of the pickle: ${problem}`);
  };
  const refuse = (what: string): never =>
    fail(
      `${what} is refused: only tensors, dicts, lists, tuples, strings and numbers are read, and nothing is executed. Save the state_dict alone`,
    );
  const take = (count: number): number => {
    if (count > bytes.length - at) fail("the pickle ends too early; the file is cut off");
    at += count;
    return at - count;
  };
  const text = (length: number): string => {
    const from = take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(from, from + length));
    } catch {
      return fail("a string is not valid UTF-8");
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) fail("the pickle ends too early; the file is cut off");
    const words = text(end - at);
    at++;
    return words;
  };
  const top = (): Item => (stack.length > 0 ? stack.at(-1)! : fail("nothing is on the stack; this is not a pickle")); // it may be null
  const pop = (): Item => {
    top();
    return stack.pop()!;
  };
  /** A value as a part of another: a name alone is not one. */
  const plain = (item: Item): Pickled<H> => (item instanceof Global ? refuse(`${quoted(item.path)} as a value`) : item);
  const popMark = (): Pickled<H>[] => {
    const items = stack.map(plain);
    stack = outer.pop() ?? fail("a MARK is missing; this is not a pickle");
    return items;
  };
  const list = (): Pickled<H>[] => {
    const target = top();
    return Array.isArray(target) ? target : fail("items are appended to what is not a list");
  };
  const dict = (): PickledMap<H> => {
    const target = top();
    return target instanceof Map ? target : fail("items are set in what is not a dict");
  };
  const setItems = (items: readonly Pickled<H>[]): void => {
    const target = dict();
    if (items.length % 2 !== 0) fail("a dict's last key has no value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key === "object" && key !== null) fail("a dict's key is neither a string nor a number");
      target.set(key, items[i + 1]!);
    }
  };
  const find = (path: string): Item => {
    const meaning = Object.hasOwn(globals, path) ? globals[path]! : refuse(quoted(path));
    return typeof meaning === "function" ? new Global(path, meaning) : meaning.value;
  };
  const integer = (n: bigint): number | bigint =>
    n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n;
  const size64 = (): number => {
    const n = file.getBigUint64(take(8), true);
    return n > BigInt(bytes.length)
      ? fail(`a string is said to have ${n} bytes, the file has ${bytes.length}`)
      : Number(n);
  };
  /** Every new list, dict, tuple and open MARK goes through this. */
  const counted = <T>(container: T): T => {
    if (++containers > MAX_CONTAINERS)
      fail(`more than ${MAX_CONTAINERS} lists, dicts and tuples; no file of weights has as many`);
    return container;
  };
  const recall = (index: number): void => {
    if (!memo.has(index)) fail(`memo ${index} is used before it is set`);
    stack.push(memo.get(index)!);
  };

  for (let count = 0; ; count++) {
    if (count === MAX_INSTRUCTIONS) fail(`more than ${MAX_INSTRUCTIONS} instructions; no file of weights has as many`);
    start = at;
    const code = bytes[take(1)]!;
    switch (code) {
      case 0x80: {
        const protocol = bytes[take(1)]!;
        if (protocol < 2 || protocol > 5) fail(`protocol ${protocol}; protocols 2 to 5 are read`);
        break;
      }
      case 0x95: // FRAME: its length only helps to read ahead
        take(8);
        break;
      case 0x2e: {
        // STOP
        const value = plain(pop());
        if (stack.length > 0 || outer.length > 0) fail("values are left over at the end");
        return { value, end: at };
      }
      case 0x28: // MARK
        outer.push(counted(stack));
        stack = [];
        break;
      case 0x30: // POP
        pop();
        break;
      case 0x31: // POP_MARK
        popMark();
        break;
      case 0x32: // DUP
        stack.push(top());
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88:
        stack.push(true);
        break;
      case 0x89:
        stack.push(false);
        break;
      case 0x4b: // BININT1
        stack.push(file.getUint8(take(1)));
        break;
      case 0x4d: // BININT2
        stack.push(file.getUint16(take(2), true));
        break;
      case 0x4a: // BININT
        stack.push(file.getInt32(take(4), true));
        break;
      case 0x8a: {
        // LONG1: two's complement, little-endian
        const length = bytes[take(1)]!;
        const from = take(length);
        let n = 0n;
        for (let i = length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[from + i]!);
        stack.push(integer(BigInt.asIntN(8 * length, n)));
        break;
      }
      case 0x47: // BINFLOAT
        stack.push(file.getFloat64(take(8), false));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(bytes[take(1)]!));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(file.getUint32(take(4), true)));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(text(size64()));
        break;
      case 0x55: // SHORT_BINSTRING: Python 2's strings
        stack.push(text(bytes[take(1)]!));
        break;
      case 0x54: // BINSTRING
        stack.push(text(file.getUint32(take(4), true)));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push(counted([]));
        break;
      case 0x6c: {
        // LIST
        const items = popMark();
        stack.push(counted(items));
        break;
      }
      case 0x61: {
        // APPEND
        const item = plain(pop());
        list().push(item);
        break;
      }
      case 0x65: {
        // APPENDS
        const items = popMark();
        const target = list();
        for (const item of items) target.push(item);
        break;
      }
      case 0x29: // EMPTY_TUPLE
        stack.push(counted(new Tuple([])));
        break;
      case 0x74: {
        // TUPLE
        const items = popMark();
        stack.push(counted(new Tuple(items)));
        break;
      }
      case 0x85: // TUPLE1, 2, 3
      case 0x86:
      case 0x87: {
        const items: Pickled<H>[] = [];
        for (let i = 0x84; i < code; i++) items.unshift(plain(pop()));
        stack.push(counted(new Tuple(items)));
        break;
      }
      case 0x7d: // EMPTY_DICT
        stack.push(counted(new Map()));
        break;
      case 0x64: {
        // DICT
        const items = popMark();
        stack.push(counted(new Map()));
        setItems(items);
        break;
      }
      case 0x73: {
        // SETITEM
        const value = plain(pop());
        setItems([plain(pop()), value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(popMark());
        break;
      case 0x71: // BINPUT
        memo.set(bytes[take(1)]!, top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(file.getUint32(take(4), true), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        recall(bytes[take(1)]!);
        break;
      case 0x6a: // LONG_BINGET
        recall(file.getUint32(take(4), true));
        break;
      case 0x63: {
        // GLOBAL
        const module = line();
        stack.push(find(`${module}.${line()}`));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const [name, module] = [pop(), pop()];
        if (typeof name !== "string" || typeof module !== "string") return fail("a name is not a string");
        stack.push(find(`${module}.${name}`));
        break;
      }
      case 0x52: {
        // REDUCE
        const args = pop();
        const callee = pop();
        if (!(callee instanceof Global) || !(args instanceof Tuple))
          return refuse("a call of something that is not a function");
        let made: Pickled<H>;
        try {
          made = callee.call(args.items);
        } catch (error) {
          if (!(error instanceof ModelError)) throw error;
          return fail(`${quoted(callee.path)} ${error.message}`);
        }
        stack.push(counted(made));
        break;
      }
      case 0x62: {
        // BUILD: a state_dict is an OrderedDict with an attribute `_metadata`, the layers' versions. It is not needed.
        const state = pop();
        if (!(top() instanceof Map) || !(state instanceof Map) || [...state.keys()].some((key) => key !== "_metadata"))
          refuse("BUILD of an object");
        break;
      }
      case 0x51: {
        // BINPERSID
        const id = plain(pop());
        if (!persistent) return refuse("a persistent id");
        try {
          stack.push(persistent(id));
        } catch (error) {
          if (!(error instanceof ModelError)) throw error;
          fail(error.message);
        }
        break;
      }
      default: {
        const name = refused[code];
        if (name) refuse(`the instruction ${name}`);
        fail(`instruction 0x${code.toString(16).padStart(2, "0")} is not one that torch.save writes`);
      }
    }
  }
}
