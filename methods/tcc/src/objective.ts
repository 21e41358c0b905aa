// What training makes small: TCC, or the baselines of the paper on the same embeddings.
import {
  add,
  gather,
  type Layout,
  logSoftmax,
  matMul,
  mul,
  neg,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  slice,
  softmaxCrossEntropy,
  transposeLast,
  type Value,
  type Values,
} from "@reprise/engine";
import { linear, linearParameters } from "@reprise/nn";
import { deterministicLoss, stochasticLoss } from "./loss.ts";
import type { TrainSettings } from "./settings.ts";

/** Parameters that an objective has beside the encoder's. */
export function headParameters({ objective, dimensions, phases }: TrainSettings): Layout {
  if (objective === "supervised") return linearParameters("head", dimensions, phases!);
  if (objective !== "sal") return {};
  return {
    ...linearParameters("head1", 3 * dimensions, 128), // config.py: 128, 64, 2
    ...linearParameters("head2", 128, 64),
    ...linearParameters("head3", 64, 2),
  };
}

/** Embeddings of length 1 are multiplied by it where logits are made of them. */
const SCALE = 10;

/** The loss of embeddings [B·N, D] of a batch. */
export function objectiveLoss(settings: TrainSettings, parameters: Values, embeddings: Value, batch: Values): Value {
  const { objective, lossScale } = settings;
  if (objective === "sal") return shuffleAndLearn(parameters, embeddings, batch);
  if (objective === "supervised")
    return softmaxCrossEntropy(linear(parameters, "head", mul(embeddings, SCALE)), batch.labels!);
  const [B, N] = batch.times!.shape as [number, number];
  const videos = reshape(embeddings, [B, N, settings.dimensions]);
  if (objective === "tcn") return timeContrastive(videos);
  if (!batch.starts) return mul(deterministicLoss(videos, batch.times!, settings.loss), lossScale);
  const order = Object.keys(batch)
    .filter((name) => name.startsWith("cycle"))
    .sort()
    .map((name) => batch[name]!);
  return mul(stochasticLoss(videos, batch.times!, { videos: order, starts: batch.starts }, settings.loss), lossScale);
}

/** Cross-entropy of "are these three frames in order?" (Misra et al. 2016). */
function shuffleAndLearn(p: Values, embeddings: Value, { triplets, ordered }: Values): Value {
  const D = embeddings.shape[1]!;
  const three = reshape(gather(embeddings, triplets!), [ordered!.shape[0]!, 3 * D]);
  const logits = linear(p, "head3", relu(linear(p, "head2", relu(linear(p, "head1", three)))));
  return neg(reduceMean(reduceSum(mul(ordered!, logSoftmax(logits)), { axes: [1] })));
}

/**
 * N pairs of one video: each anchor must find its own positive among all (Sermanet et al. 2018; n-pairs loss of Sohn
 * 2016 with its L2 term, weight 0.002 as in config.py). Departure: embeddings of length 1 are compared at scale 10.
 */
function timeContrastive(videos: Value): Value {
  const half = videos.shape[1]! / 2;
  const anchors = slice(videos, [{ axis: 1, start: 0, end: half }]);
  const positives = slice(videos, [{ axis: 1, start: half }]);
  const scores = mul(matMul(anchors, transposeLast(positives)), SCALE);
  const eye = new Float32Array(half * half);
  for (let i = 0; i < half; i++) eye[i * half + i] = 1;
  const own = videos.graph.constant({ dtype: "float32", shape: [1, half, half], data: eye });
  const loss = neg(reduceMean(reduceSum(mul(logSoftmax(scores), own), { axes: [2] })));
  const size = reduceMean(reduceSum(mul(videos, videos), { axes: [2] }));
  return add(loss, mul(size, 0.002));
}
