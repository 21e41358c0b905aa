// Lines of a text with their labels and predictions, as the text comes in.
import type { Kernel, Tables } from "../kernel/kernel.ts";

/** Labels and predictions of one line, by number. */
export interface ClassifiedLine {
  readonly labels: Int32Array;
  /** Rows of the input that the line has; without any there is no prediction. */
  readonly rows: number;
  readonly predicted: Int32Array;
  /** ln(p + 10⁻⁵) of each. */
  readonly scores: Float32Array;
}

const pieceBytes = 1 << 17;

/** Takes a text piece by piece and gives its lines. They are views: valid until the next one is asked for. */
export class LineClassifier {
  readonly #tables: Tables;
  readonly #kernel: Kernel;
  readonly #options: { readonly k: number; readonly threshold: number };
  #room: Uint8Array;
  #held = 0;
  #lastByte = 10;
  #resultBlock: Uint8Array;
  #results: Int32Array;
  #resultScores: Float32Array;
  #predicted = new Int32Array(0);
  #scores = new Float32Array(0);
  #labels = new Int32Array(0);

  /** @param options  most predictions of a line, and their least probability */
  constructor(tables: Tables, kernel: Kernel, options: { readonly k: number; readonly threshold: number }) {
    this.#tables = tables;
    this.#kernel = kernel;
    this.#options = options;
    this.#room = tables.memory.borrow(1 << 18);
    this.#resultBlock = tables.memory.borrow(4 * Math.max(1 << 16, 8 * options.k));
    [this.#results, this.#resultScores] = numbersOf(this.#resultBlock);
  }

  /** The lines that end in this piece. */
  *add(piece: Uint8Array): Generator<ClassifiedLine> {
    if (piece.length === 0) return;
    const { memory } = this.#tables;
    this.#lastByte = piece.at(-1)!;
    for (let from = 0; from < piece.length; from += pieceBytes) {
      const part = piece.subarray(from, from + pieceBytes);
      if (this.#held + part.length > this.#room.length) {
        const larger = memory.borrow(2 * (this.#held + part.length));
        larger.set(this.#room.subarray(0, this.#held));
        memory.giveBack(this.#room);
        this.#room = larger;
      }
      this.#room.set(part, this.#held);
      this.#held += part.length;
      if (part.includes(10)) yield* this.#lines(false); // else no line has become whole
    }
  }

  /** The lines that are left. A last line without a line end counts as the others, unless `compat`. */
  *finish(compat: boolean): Generator<ClassifiedLine> {
    if (this.#lastByte !== 10 && !compat) yield* this.add(Uint8Array.of(10));
    yield* this.#lines(true);
  }

  /** Gives back the memory. */
  close(): void {
    this.#tables.memory.giveBack(this.#room);
    this.#tables.memory.giveBack(this.#resultBlock);
  }

  *#lines(last: boolean): Generator<ClassifiedLine> {
    let at = 0;
    for (;;) {
      const text = this.#room.subarray(at, this.#held);
      const { used, written } = this.#kernel.classify(this.#tables, text, last, this.#options, this.#results);
      at += used;
      for (let i = 0; i < written; ) {
        const [labels, count] = [this.#results[i]!, this.#results[i + 1]!];
        yield this.#line(i, labels, count);
        i += 3 + labels + 2 * count;
      }
      if (at < this.#held && used === 0 && (last || text.includes(10))) this.#enlargeResults();
      else if (used === 0 || at === this.#held) break;
    }
    this.#room.copyWithin(0, at, this.#held);
    this.#held -= at;
  }

  #line(at: number, labels: number, count: number): ClassifiedLine {
    const from = at + 3 + labels;
    // The arrays of the line before, when the lengths agree: half a million of them would keep the collector busy.
    if (this.#predicted.length !== count) {
      this.#predicted = new Int32Array(count);
      this.#scores = new Float32Array(count);
    }
    if (this.#labels.length !== labels) this.#labels = new Int32Array(labels);
    for (let j = 0; j < labels; j++) this.#labels[j] = this.#results[from - labels + j]!;
    for (let j = 0; j < count; j++) {
      this.#predicted[j] = this.#results[from + 2 * j]!;
      this.#scores[j] = this.#resultScores[from + 2 * j + 1]!;
    }
    return { labels: this.#labels, rows: this.#results[at + 2]!, predicted: this.#predicted, scores: this.#scores };
  }

  /** For a line with more labels than there was room for. */
  #enlargeResults(): void {
    const { memory } = this.#tables;
    memory.giveBack(this.#resultBlock);
    this.#resultBlock = memory.borrow(2 * this.#resultBlock.length);
    [this.#results, this.#resultScores] = numbersOf(this.#resultBlock);
  }
}

function numbersOf({ buffer, byteOffset, length }: Uint8Array): [Int32Array, Float32Array] {
  return [new Int32Array(buffer, byteOffset, length / 4), new Float32Array(buffer, byteOffset, length / 4)];
}
