// Average pooling to a fixed size whatever the image's, as PyTorch's AdaptiveAvgPool2d.
import { matMul, type Tensor, tensor, type Value } from "@reprise/engine";

/**
 * The means over H′×W′ windows that cover the image: row i covers the rows from ⌊i·H/H′⌋ to before ⌈(i+1)·H/H′⌉, so
 * windows overlap where the sizes do not divide, and repeat pixels where H < H′. Nothing to do where H = H′, W = W′.
 *
 * @param x  [N, C, H, W]
 * @returns  [N, C, H′, W′]
 */
export function adaptiveAveragePool(x: Value, [height, width]: readonly [number, number]): Value {
  const [H, W] = x.shape.slice(2) as [number, number];
  const rows = H === height ? x : matMul(x.graph.constant(windows(height, H)), x); // [N, C, H′, W]
  return W === width ? rows : matMul(rows, x.graph.constant(transposed(windows(width, W))));
}

/** Row i averages window i: [to, from]. */
function windows(to: number, from: number): Tensor<"float32"> {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const begin = Math.floor((i * from) / to);
    const end = Math.ceil(((i + 1) * from) / to);
    data.fill(1 / (end - begin), i * from + begin, i * from + end);
  }
  return tensor("float32", [to, from], data);
}

function transposed({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  const [rows, columns] = shape as [number, number];
  return tensor(
    "float32",
    [columns, rows],
    Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!),
  );
}
