// One growing memory that both kernels compute on. It is shared, so that threads can work on the same rows.

const pageBytes = 65536;
/** Of the system; where they are larger, some are touched more often than needed. */
const systemPageBytes = 4096;
/** Blocks begin at multiples of this: a cache line, so that threads with blocks of their own never write to one. */
const unit = 64;
/** Where the memory itself says how many units are taken; the first page is the kernel's, which begins at 1024. */
const topAddress = 64;
/** Where it says up to which unit `touchNext` came. */
const touchedAddress = 68;

/**
 * Hands out typed arrays of one WebAssembly memory; what was handed out stays valid when the memory grows. Several
 * threads may each have a `Memory` of the same WebAssembly memory and take from it at once.
 */
export class Memory {
  readonly wasm: WebAssembly.Memory;
  readonly #maximumBytes: number;
  readonly #top: Int32Array;
  readonly #touched: Int32Array;
  readonly #free = new Map<number, Uint8Array[]>();
  /** A shared memory that grows gets a new buffer object over the same bytes. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  /** @param from  address space that may be taken, at most 4 GiB; or the memory of another thread's `Memory` */
  constructor(from: number | WebAssembly.Memory = 65536 * pageBytes) {
    const fresh = typeof from === "number";
    this.#maximumBytes = fresh ? from : 65536 * pageBytes;
    this.wasm = fresh
      ? new WebAssembly.Memory({ initial: 1, maximum: Math.ceil(from / pageBytes), shared: true })
      : from;
    this.#top = new Int32Array(this.wasm.buffer, topAddress, 1);
    this.#touched = new Int32Array(this.wasm.buffer, touchedAddress, 1);
    // Address 0 stays unused, so that 0 can mean "none".
    if (fresh) this.#top[0] = pageBytes / unit;
  }

  /** Bytes handed out so far. */
  get used(): number {
    return Atomics.load(this.#top, 0) * unit;
  }

  /** Bytes that can still be handed out, if the system gives them. */
  get left(): number {
    return this.#maximumBytes - this.used;
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.wasm.buffer, start, length);
  }

  int32(length: number): Int32Array {
    const start = this.#take(4 * length);
    return new Int32Array(this.wasm.buffer, start, length);
  }

  float32(length: number): Float32Array {
    const start = this.#take(4 * length);
    return new Float32Array(this.wasm.buffer, start, length);
  }

  int64(length: number): BigInt64Array {
    const start = this.#take(8 * length);
    return new BigInt64Array(this.wasm.buffer, start, length);
  }

  float64(length: number): Float64Array {
    const start = this.#take(8 * length);
    return new Float64Array(this.wasm.buffer, start, length);
  }

  /**
   * A block of at least this many bytes for a while, not zeroed; `giveBack` makes it available again.
   * Blocks are reused, so that borrowing in a loop takes no more memory than borrowing once.
   */
  borrow(bytes: number): Uint8Array {
    const size = 2 ** Math.ceil(Math.log2(Math.max(64, bytes)));
    return this.#free.get(size)?.pop() ?? this.bytes(size);
  }

  giveBack(block: Uint8Array): void {
    const list = this.#free.get(block.length);
    if (list) list.push(block);
    else this.#free.set(block.length, [block]);
  }

  /**
   * Has the system provide the next bytes that will be handed out, a piece at a time, which it otherwise does page by
   * page at their first use; the next call goes on from there, though they may have been handed out since. What they hold
   * stays as it is. Done while a thread has nothing else to do.
   *
   * @returns how many bytes: fewer than were asked for when there are no more, or 0
   */
  touchNext(bytes: number): number {
    const before = Atomics.load(this.#touched, 0);
    const from = before === 0 ? Atomics.load(this.#top, 0) : before;
    const to = Math.min(from + Math.floor(bytes / unit), Math.floor(this.#maximumBytes / unit));
    if (to <= from || Atomics.compareExchange(this.#touched, 0, before, to) !== before) return 0;
    try {
      this.#reach(to * unit);
    } catch {
      return 0; // whoever needs it will be told
    }
    const numbers = new Int32Array(this.wasm.buffer);
    for (let at = from * unit; at < to * unit; at += systemPageBytes) Atomics.add(numbers, at / 4, 0);
    return (to - from) * unit;
  }

  /** Whether an array is part of this memory. */
  owns(array: ArrayBufferView): boolean {
    return this.#buffers.has(array.buffer);
  }

  #take(bytes: number): number {
    // The kernel reads words of eight, past the end of an array.
    const units = Math.ceil((bytes + 16) / unit);
    this.#check(this.used + units * unit);
    const start = Atomics.add(this.#top, 0, units) * unit;
    try {
      this.#reach(start + units * unit);
    } catch (error) {
      Atomics.sub(this.#top, 0, units);
      throw error;
    }
    this.#buffers.add(this.wasm.buffer);
    return start;
  }

  #check(end: number): void {
    if (end > this.#maximumBytes)
      throw new RangeError(
        `This needs ${megabytes(end)} of memory, more than the ${megabytes(this.#maximumBytes)} that can be addressed. ` +
          "Take a smaller bucket or dim, or a larger minCount.",
      );
  }

  /** Grows to this address. */
  #reach(end: number): void {
    this.#check(end);
    // Growing by 0 first shows what another thread grew.
    if (this.wasm.buffer.byteLength < end) this.wasm.grow(0);
    const missing = Math.ceil((end - this.wasm.buffer.byteLength) / pageBytes);
    if (missing <= 0) return;
    try {
      this.wasm.grow(missing);
    } catch (cause) {
      throw new RangeError(
        `The system gave no ${megabytes(end)} of memory. Take a smaller bucket or dim, or a larger minCount.`,
        { cause },
      );
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
