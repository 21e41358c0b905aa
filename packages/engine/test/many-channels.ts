// A case for runtimes on WASM, where such convolutions have a formula of their own; a GPU in software would take half a
// minute for it.
import { compile, conv, gradient, type Inputs, tensor, type Value } from "../src/index.ts";
import { close, type RuntimeCase, wave } from "./runtime.suite.ts";

/** A 3×3 convolution of many channels and its gradients, in some places, are the sums over the taps. */
export const manyChannels: RuntimeCase = async (runtime) => {
  const [N, C, K, H, W] = [4, 16, 17, 58, 57];
  const images = [N, C, H, W];
  const f = compile(runtime, ({ x, w, g }: Inputs<"x" | "w" | "g">) => {
    const y = conv(x, w, null, { pads: [1, 1, 1, 1] });
    const [dx, dw] = gradient(y, [x, w], { dy: g }) as [Value, Value];
    return { y, dx, dw };
  });
  const [x, w, g] = [wave(N * C * H * W, 1), wave(K * C * 9, 2), wave(N * K * H * W, 3)];
  const results = await f.run({
    x: tensor("float32", images, x),
    w: tensor("float32", [K, C, 3, 3], w),
    g: tensor("float32", [N, K, H, W], g),
  });
  const at = (a: Float32Array, channels: number, n: number, c: number, h: number, v: number) =>
    h < 0 || v < 0 || h >= H || v >= W ? 0 : a[((n * channels + c) * H + h) * W + v]!;
  const taps = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [i, j] as const));
  const of = (name: "y" | "dx" | "dw", place: number) => [results[name].data[place] as number];
  for (const [n, k, h, v] of [
    [0, 0, 0, 0],
    [1, 16, 57, 56],
    [3, 5, 30, 17],
  ] as const) {
    const c = k % C;
    let [y, dx, dw] = [0, 0, 0];
    for (const [i, j] of taps) {
      for (let a = 0; a < C; a++) y += at(x, C, n, a, h + i - 1, v + j - 1) * w[(k * C + a) * 9 + i * 3 + j]!;
      for (let a = 0; a < K; a++) dx += at(g, K, n, a, h + 1 - i, v + 1 - j) * w[(a * C + c) * 9 + i * 3 + j]!;
    }
    for (let m = 0; m < N; m++) {
      for (let p = 0; p < H * W; p++) {
        const [r, s] = [Math.floor(p / W), p % W];
        dw += at(g, K, m, k, r, s) * at(x, C, m, c, r, s + 1);
      }
    }
    // Sums of 150 products below 1, and of 13,224 for dW, in float32.
    close(of("y", ((n * K + k) * H + h) * W + v), [y], 2e-4);
    close(of("dx", ((n * C + c) * H + h) * W + v), [dx], 2e-4);
    close(of("dw", (k * C + c) * 9 + 5), [dw], 1e-2);
  }
  await f.release();
};
