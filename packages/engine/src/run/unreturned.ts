// Runs whose results are only in the arrays that were given for them.
//
// onnxruntime-node 1.30 makes a new array of every output that it returns, even of one that it has written into an array
// given for it: a second copy of all parameters and slots at each step of a training. It returns outputs in their order
// and fails at one that is no tensor, when all of them have been computed. So a model gets an empty sequence as its first
// output: asking for it ends the run there. A version that can return sequences gives the same results, copied.
import type * as Ort from "onnxruntime-common";
import { MessageWriter } from "../onnx/wire.ts";

const name = "unreturned";

/** The model with that output in front. A protobuf message is the sum of its parts, so nothing of the model is read. */
export function withUnreturned(model: Uint8Array): Uint8Array {
  const node = new MessageWriter().string(2, name).string(3, name).string(4, "SequenceEmpty");
  const float = new MessageWriter().message(1, new MessageWriter().int(1, 1));
  const sequence = new MessageWriter().message(4, new MessageWriter().message(1, float));
  const output = new MessageWriter().string(1, name).message(2, sequence);
  const graph = new MessageWriter().message(1, node).message(12, output);
  const prefix = new MessageWriter().message(7, graph).finish();
  const whole = new Uint8Array(prefix.length + model.length);
  whole.set(prefix);
  whole.set(model, prefix.length);
  return whole;
}

export const isUnreturned = (output: string): boolean => output === name;

/** Runs a model that has the output, every result into its array. */
export async function runUnreturned(
  session: Ort.InferenceSession,
  feeds: Ort.InferenceSession.FeedsType,
  results: Readonly<Record<string, Ort.Tensor>>,
): Promise<void> {
  try {
    await session.run(feeds, { [name]: null, ...results });
  } catch (error) {
    if (!(error instanceof Error && error.message === "Non tensor type is temporarily not supported.")) throw error;
  }
}
