// The paper's attack and DeepFool on exported torchvision classifiers, at 224 × 224. Needs a folder of them: TORCHVISION=DIR,
// files named as torchvision names its models, input [N, 3, 224, 224], one output [N, K].
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attackByName, onnxClassifier, perturb, runAttack, untargeted } from "@reprise/adversarial";
import { ndArray } from "@reprise/data";
import { writeImage } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { readImagesFor } from "@reprise/nn/verbs";
import { describe, expect, it } from "vitest";

const folder = process.env.TORCHVISION;
const wanted = (process.env.TORCHVISION_MODELS ?? "squeezenet1_0,resnet18,mobilenet_v2").split(",");

describe.skipIf(!folder)("torchvision classifiers in TORCHVISION=DIR", () => {
  it.each(wanted)("%s: reads a picture, gives finite gradients, is attacked", { timeout: 300_000 }, async (name) => {
    expect(await readdir(folder!)).toContain(`${name}.onnx`);
    const runtime = nodeRuntime();
    const pictures = await mkdtemp(join(tmpdir(), "reprise-torchvision-"));
    try {
      const bytes = Uint8Array.from({ length: 3 * 240 * 320 }, (_, p) => 128 + 100 * Math.sin(p / 900));
      await writeImage(join(pictures, "wave.png"), ndArray("uint8", [3, 240, 320], bytes));
      const classifier = await onnxClassifier(runtime, await readFile(join(folder!, `${name}.onnx`)), {
        name,
        batchSizes: [1],
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      });
      const { images } = await readImagesFor(pictures, classifier.inputShape, { resize: true });
      const logits = await classifier.logits(images, 1);
      const label = logits.indexOf(Math.max(...logits));
      const { gradient } = await classifier.lossAndGradient(images, Int32Array.of(label), 1);
      expect(gradient.every(Number.isFinite)).toBe(true);
      expect(gradient.some((g) => g !== 0)).toBe(true);
      const second = logits.map((z, k) => (k === label ? -Infinity : z));
      const target = second.indexOf(Math.max(...second));
      // With random weights MobileNet's scores are of 1e-9: cross-entropy in float32 is constant there, and only attacks
      // that go by margins can move.
      if (logits[label]! - logits[target]! > 1e-4) {
        const [paper] = await perturb(classifier, images, [label], { target, bisections: 2, maxIterations: 30 });
        expect(paper!.status).toBe("success");
      }
      const [nearest] = await runAttack(attackByName("deepfool"), classifier, images, untargeted([label]));
      expect(nearest!.success).toEqual([true]);
    } finally {
      await rm(pictures, { recursive: true, force: true });
      await runtime.release();
    }
  });
});
