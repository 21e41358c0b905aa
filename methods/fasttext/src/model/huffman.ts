// Huffman tree over the labels for hierarchical softmax: §2.1 of the paper, cost O(h·log₂ k) a prediction.

/** Nodes 0…leaves−1 are the labels, the inner nodes follow, the root is the last. */
export interface Tree {
  readonly leaves: number;
  /** [2·leaves − 1], −1 at a leaf */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Path of leaf i from the leaf up to the root: pathNodes and pathCodes from pathStarts[i] to pathStarts[i + 1]. */
  readonly pathStarts: Int32Array;
  /** Row of the output matrix at each step: inner node − leaves. */
  readonly pathNodes: Int32Array;
  /** 1 when the path goes through the right child. */
  readonly pathCodes: Int32Array;
}

/**
 * The tree for labels with these counts, which must fall or stay equal from label to label.
 *
 * @param int32  where the arrays come from
 */
export function huffman(counts: ArrayLike<number>, int32: (length: number) => Int32Array): Tree {
  const leaves = counts.length;
  const nodes = Math.max(1, 2 * leaves - 1);
  const left = int32(nodes).fill(-1);
  const right = int32(nodes).fill(-1);
  const weight = new Float64Array(nodes).fill(1e15);
  const parent = new Int32Array(nodes).fill(-1);
  for (let i = 0; i < leaves; i++) weight[i] = counts[i]!;
  // Leaves are taken from the rarest, inner nodes in the order they were made: both sequences rise.
  let leaf = leaves - 1;
  let inner = leaves;
  const lightest = () => (leaf >= 0 && weight[leaf]! < weight[inner]! ? leaf-- : inner++);
  for (let node = leaves; node < nodes; node++) {
    const a = lightest();
    const b = lightest();
    left[node] = a;
    right[node] = b;
    weight[node] = weight[a]! + weight[b]!;
    parent[a] = node;
    parent[b] = node;
  }
  const pathStarts = int32(leaves + 1);
  const steps: number[] = [];
  const codes: number[] = [];
  for (let i = 0; i < leaves; i++) {
    for (let node = i; parent[node] !== -1; node = parent[node]!) {
      const up = parent[node]!;
      steps.push(up - leaves);
      codes.push(right[up] === node ? 1 : 0);
    }
    pathStarts[i + 1] = steps.length;
  }
  const pathNodes = int32(steps.length);
  pathNodes.set(steps);
  const pathCodes = int32(codes.length);
  pathCodes.set(codes);
  return { leaves, left, right, pathStarts, pathNodes, pathCodes };
}
