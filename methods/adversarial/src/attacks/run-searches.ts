import { type Classifier, imageSize, type ScoreDifferentiable } from "@reprise/nn";
import { type Answer, type Ask, NonFiniteError, type Search } from "./search.ts";

export interface Started {
  readonly row: number;
  readonly search: Search<Float32Array>;
}

/** What a row came to: its image, or why the model stopped it; and images seen by the model for it. */
export interface Ended {
  readonly row: number;
  readonly image: Float32Array | NonFiniteError;
  readonly forward: number;
  readonly backward: number;
}

export interface RunSearchesOptions {
  /** Most images in one call of the model, and most rows under way. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEnd: (ended: Ended) => void;
}

interface Live extends Started {
  ask: Ask;
  forward: number;
  backward: number;
}

/**
 * Runs the rows' searches to their end. In each round the questions of all rows under way are answered, those of one
 * kind together; a row that ends makes room for the next.
 *
 * @throws the signal's reason when aborted; whatever the model throws
 */
export async function runSearches(
  classifier: Classifier & Partial<ScoreDifferentiable>,
  searches: Iterator<Started>,
  { batch, signal, onEnd }: RunSearchesOptions,
): Promise<void> {
  let live: Live[] = [];
  let exhausted = false;
  const advance = (row: Omit<Live, "ask">, answer?: Answer): Live | undefined => {
    try {
      // A generator that has not begun has no place for an answer.
      const { value, done } = answer ? row.search.next(answer) : row.search.next(undefined as never);
      if (!done) return Object.assign(row, { ask: value });
      onEnd({ ...row, image: value });
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      onEnd({ ...row, image: error });
    }
    return undefined;
  };
  for (;;) {
    while (live.length < batch && !exhausted) {
      const next = searches.next();
      if (next.done) exhausted = true;
      else {
        const begun = advance({ ...next.value, forward: 0, backward: 0 });
        if (begun) live.push(begun);
      }
    }
    if (live.length === 0) return;
    const still: Live[] = [];
    // Grouped before any is answered: a row that is told goes on to another question.
    const groups = (["logits", "loss", "scores"] as const).map((want) => live.filter(({ ask }) => ask.want === want));
    for (const asking of groups) {
      const answers = await answerAll(
        classifier,
        asking.map(({ ask }) => ask),
        batch,
        signal,
      );
      for (const [i, row] of asking.entries()) {
        if (row.ask.want === "logits") row.forward += row.ask.count;
        else row.backward += row.ask.count;
        const going = advance(row, answers[i]!);
        if (going) still.push(going);
      }
    }
    live = still;
  }
}

/** Answers questions of one kind in calls of at most `batch` images. */
async function answerAll(
  classifier: Classifier & Partial<ScoreDifferentiable>,
  asks: readonly Ask[],
  batch: number,
  signal: AbortSignal | undefined,
): Promise<Answer[]> {
  const n = imageSize(classifier);
  const { classes } = classifier;
  const answers = asks.map(({ want, count }) => ({
    logits: new Float32Array(count * classes),
    gradient: new Float32Array(want === "logits" ? 0 : count * n),
    loss: new Float64Array(want === "loss" ? count : 0),
  }));
  const places = asks.flatMap(({ count }, ask) => Array.from({ length: count }, (_, i) => ({ ask, i })));
  for (let from = 0; from < places.length; from += batch) {
    signal?.throwIfAborted();
    const part = places.slice(from, from + batch);
    const images = new Float32Array(part.length * n);
    for (const [j, { ask, i }] of part.entries()) images.set(asks[ask]!.images.subarray(i * n, (i + 1) * n), j * n);
    const { logits, gradient, loss } = await callModel(classifier, asks, part, images);
    for (const [j, { ask, i }] of part.entries()) {
      answers[ask]!.logits.set(logits.subarray(j * classes, (j + 1) * classes), i * classes);
      if (gradient) answers[ask]!.gradient.set(gradient.subarray(j * n, (j + 1) * n), i * n);
      if (loss) answers[ask]!.loss[i] = loss[j]!;
    }
  }
  return answers;
}

interface Place {
  readonly ask: number;
  readonly i: number;
}

async function callModel(
  classifier: Classifier & Partial<ScoreDifferentiable>,
  asks: readonly Ask[],
  part: readonly Place[],
  images: Float32Array,
): Promise<{ logits: Float32Array; gradient?: Float32Array; loss?: Float64Array | Float32Array }> {
  const count = part.length;
  const { classes } = classifier;
  const { want } = asks[part[0]!.ask]!;
  if (want === "logits") return { logits: await classifier.logits(images, count) };
  if (!classifier.lossAndGradient || !classifier.scoreGradient)
    throw new TypeError("runSearches: the classifier gives no gradients, and the attack asks for them.");
  if (want === "loss") {
    const labels = Int32Array.from(part, ({ ask }) => (asks[ask] as Extract<Ask, { want: "loss" }>).label);
    return classifier.lossAndGradient(images, labels, count);
  }
  const weights = new Float32Array(count * classes);
  for (const [j, { ask, i }] of part.entries()) {
    const given = (asks[ask] as Extract<Ask, { want: "scores" }>).weights;
    weights.set(given.subarray(i * classes, (i + 1) * classes), j * classes);
  }
  return classifier.scoreGradient(images, weights, count);
}
