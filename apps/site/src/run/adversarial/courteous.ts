// A classifier that lets others speak: between its calls, a cancellation can arrive and progress can be told.
import type { OnnxClassifier, OnnxScores } from "@reprise/adversarial";

export interface Courtesy {
  readonly signal: AbortSignal;
  /** Gives other messages a turn. */
  readonly breathe: () => Promise<void>;
  /** Told what the model is about to see, [count, ...inputShape], and how many images that makes; at most once a frame. */
  readonly onImages?: (images: Float32Array, seen: number) => void;
}

const frame = 16; // ms: a cancellation waits no longer

/** The same classifier, giving other messages a turn every frame and stopping when the signal says so. */
export function courteous<Model extends OnnxClassifier | OnnxScores>(
  classifier: Model,
  { signal, breathe, onImages }: Courtesy,
): Model {
  let last = performance.now();
  let seen = 0;
  const before =
    <Rest extends unknown[], Answer>(call: (images: Float32Array, ...rest: Rest) => Promise<Answer>) =>
    async (images: Float32Array, ...rest: Rest): Promise<Answer> => {
      seen += rest.at(-1) as number;
      if (performance.now() - last > frame) {
        onImages?.(images, seen);
        await breathe();
        last = performance.now();
      }
      signal.throwIfAborted();
      return call(images, ...rest);
    };
  return {
    ...classifier,
    logits: before(classifier.logits),
    ...("scoreGradient" in classifier && {
      lossAndGradient: before(classifier.lossAndGradient),
      scoreGradient: before(classifier.scoreGradient),
    }),
  };
}
