// How many channels a block of ONNX Runtime's blocked layout has on this machine.
import { reorderingGraph } from "../lower/blocked.ts";
import { exportOnnx } from "../onnx/export.ts";
import type { Session } from "./runtime.ts";

/**
 * 16 with AVX-512, 8 with AVX2; 1 where the layout is not there. Asked by reordering two places of 64 channels: the
 * first channel's second place comes after the whole block of the first place.
 */
export async function findChannelBlock(load: (model: Uint8Array) => Promise<Session>): Promise<number> {
  const data = new Float32Array(128);
  data[1] = 1;
  try {
    const session = await load(exportOnnx(reorderingGraph()));
    const { y } = await session.run({ x: { dtype: "float32", shape: [1, 64, 1, 2], data } });
    await session.release();
    return Math.max((y!.data as Float32Array).indexOf(1), 1);
  } catch {
    return 1; // a build without the layout refuses its operators
  }
}
