/**
 * Data that cannot be read or used as asked. The message starts with `source`, the name the user gave the data
 * (a file, a folder, an option), so that one line tells what to look at.
 */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly source: string;

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`${source}: ${problem}`, options);
    this.source = source;
  }
}

/** Images have several sizes, or another than is wanted: callers that can bring them to one say how. */
export class ImageSizeError extends DataError {}

/** Pixels are outside the range that they were said to be in: callers that take a range say how to give it. */
export class PixelRangeError extends DataError {}
