// Operators of ONNX files whose result's size depends on the data. With constant inputs, as exporters leave behind, it
// does not; otherwise the model can only be run.
import { sizeOf, tensor } from "../ir/type.ts";
import { gather, reshape } from "../ops/build.ts";
import { constant, type ImportRule, known, number } from "./import-site.ts";
import { ModelError } from "./wire.ts";

export const selectRules: Readonly<Record<string, ImportRule>> = {
  NonZero(site) {
    const x = site.inputs[0]!;
    if (!x.constant) {
      throw new ModelError(
        "how much it finds is known only when the model runs, and gradients need fixed shapes. The model can still be run, or attacked without gradients",
      );
    }
    const places = known(x, "input").flatMap((value, i) => (value === 0 ? [] : i));
    const rank = Math.max(1, x.shape.length);
    const coordinates = Array.from({ length: rank }, (_, axis) => {
      const inner = sizeOf(x.shape.slice(axis + 1));
      return places.map((i) => Math.floor(i / inner) % (x.shape[axis] ?? 1));
    });
    return constant(site, tensor("int64", [rank, places.length], coordinates.flat()));
  },
  Compress(site) {
    const x = site.inputs[0]!;
    const kept = known(site.inputs[1], "condition").flatMap((value, i) => (value === 0 ? [] : i));
    const places = constant(site, tensor("int64", [kept.length], kept));
    if (!site.node.attributes.has("axis")) return gather(reshape(x, [-1]), places);
    return gather(x, places, { axis: number(site, "axis", 0) });
  },
};
