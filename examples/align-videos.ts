// Learns to bring videos of one action into step, without a label, and aligns two that it has not seen.
import { pouringVideos } from "@reprise/data";
import { nodeRuntime } from "@reprise/engine/node";
import { alignmentTau, embed, encoderOf, rawFrames, train, warp } from "@reprise/tcc";

const draw = (count: number, seed: number) =>
  pouringVideos(count, { seed, level: "easy", size: 32 }).map(({ shape, frames }, i) => ({
    name: `video ${i}`,
    shape,
    data: frames,
  }));
const [videos, others] = [draw(8, 1), draw(3, 2)];

const runtime = nodeRuntime();
const model = await train(runtime, videos, { settings: { steps: 20, validateEvery: 10 } });
const embeddings = await embed(runtime, encoderOf(model.spec), model.parameters, others);
await runtime.release();

console.log(`Kendall's τ of raw frames ${alignmentTau(others.map(rawFrames)).tau?.toFixed(2)}`);
console.log(`Kendall's τ after 20 steps ${alignmentTau(embeddings).tau?.toFixed(2)}`);
console.log("frames of the second video, for each of the first:");
console.log(Array.from(warp(embeddings[0]!, embeddings[1]!).map).join(" "));
