// Temporal cycle-consistency against the same models in PyTorch, same machine and threads, alternating: a step of
// training, and embedding a video. Then τ and time warping of a hundred videos. NET=vggm,small chooses, THREADS=1.
import { availableParallelism } from "node:os";
import { Random } from "@reprise/data";
import { adam, layoutSize, reshape, Training, tensor, type Values } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import {
  alignmentTau,
  deterministicLoss,
  type EncoderKind,
  embed,
  encoderOf,
  presets,
  type Sequence,
  untrained,
  warp,
} from "@reprise/tcc";
import { compare, printMachine, pythonPeer, seconds } from "./harness.ts";

const threads = Number(process.env.THREADS ?? availableParallelism());
const chosen = (process.env.NET ?? "vggm,small").split(",");
const nets = [
  { net: "vggm", side: 112, steps: 1, videos: 1, rounds: 3, goals: { step: 1, embed: 1.5 } },
  { net: "small", side: 48, steps: 5, videos: 3, rounds: 7, goals: { step: 1.5, embed: 1.5 } },
] as const;

const random = new Random(0);
const noise = (frames: number, side: number): Sequence => ({
  name: "noise",
  shape: [frames, side, side, 3],
  data: Uint8Array.from({ length: frames * side * side * 3 }, () => random.integer(256)),
});

printMachine();
const peer = await pythonPeer("torch_tcc.py", ["torch"], [String(threads)]);
for (const { net, side, steps, videos, rounds, goals } of nets) {
  if (!chosen.includes(net)) continue;
  const runtime = nodeRuntime({ threads });
  const model = untrained([noise(2, side)], { encoder: net });
  const training = await start(net, model.parameters, side);
  const sequence = noise(320, side);
  const ours = {
    step: () => training(steps).then((all) => all / steps),
    embed: async () =>
      (await seconds(() => embed(runtime, encoderOf(model.spec), model.parameters, Array(videos).fill(sequence)))) /
      videos,
  };
  for (const work of ["step", "embed"] as const) {
    await ours[work]();
    if (!peer) {
      console.log(`${net}, ${work}: ${await ours[work]()} s, no peer to compare with`);
      continue;
    }
    const times = work === "step" ? steps : videos;
    const theirs = async () => (await peer.ask<{ seconds: number }>({ net, do: work, times })).seconds / times;
    await theirs();
    const what = work === "step" ? "a step" : "320 frames embedded";
    await compare(
      `${net}, ${what}, ${threads} threads, ${layoutSize(encoderOf(model.spec).parameters)} numbers`,
      { name: "Reprise", run: ours[work] },
      { name: "PyTorch", run: theirs },
      { rounds, goal: goals[work] },
    );
  }
  await runtime.release();
}
peer?.close();

// Like embeddings of one action: a smooth curve at various speeds, with noise.
const curves = Array.from({ length: 100 }, () => {
  const power = random.uniform(0.5, 2);
  const data = Float32Array.from({ length: 300 * 128 }, (_, k) => {
    const t = (Math.floor(k / 128) / 300) ** power;
    return Math.sin((1 + (k % 7)) * t + (k % 128)) + random.normal(0, 0.1);
  });
  return { shape: [300, 128], data };
});
console.log(
  `τ of 100 videos of 300 frames, all 9,900 pairs: ${(await seconds(async () => alignmentTau(curves))).toFixed(1)} s`,
);
const warped = await seconds(async () => curves.slice(1).map((other) => warp(curves[0]!, other)));
console.log(`99 of them warped in time onto one: ${warped.toFixed(1)} s`);

/** @returns what runs so many steps, and their seconds */
async function start(
  net: EncoderKind,
  parameters: Float32Array,
  side: number,
): Promise<(steps: number) => Promise<number>> {
  const { videosPerStep: B, framesPerVideo: N, learningRate, loss, lossScale, clipNorm } = presets[net];
  const encoder = encoderOf(untrained([noise(2, side)], { encoder: net }).spec);
  const split = layoutSize(encoder.parameters) - layoutSize(encoder.buffers);
  const drops = Object.keys(encoder.noise);
  const training = await Training.start(
    nodeRuntime({ threads }),
    {
      parameters: Object.fromEntries(Object.entries(encoder.parameters).filter(([name]) => !(name in encoder.buffers))),
      buffers: encoder.buffers,
      optimizer: adam(),
      clipNorm,
      forward(p: Values, { x, times, ...batch }: Values, own: Values) {
        const { embeddings, buffers } = encoder.step({ ...p, ...own }, x!, batch);
        const frames = reshape(embeddings, [B, N, 128]);
        return { loss: reshape(deterministicLoss(frames, times!, loss), []), buffers };
      },
    },
    { parameters: parameters.slice(0, split), buffers: parameters.slice(split) },
  );
  const numbers = (...shape: number[]) =>
    tensor(
      "float32",
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform()),
    );
  const batch = {
    x: numbers(B * N, 2, 3, side, side),
    times: tensor(
      "float32",
      [B, N],
      Float32Array.from({ length: B * N }, (_, i) => (i % N) / N),
    ),
    ...Object.fromEntries(drops.map((name) => [name, numbers(B * N, encoder.noise[name]![0]!)])),
  };
  return (steps) =>
    seconds(async () => {
      for (let i = 0; i < steps; i++) await training.run(batch, { learningRate: learningRate / lossScale });
    });
}
