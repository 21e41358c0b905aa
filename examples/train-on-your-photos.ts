import { Random } from "@reprise/data";
import { nodeRuntime } from "@reprise/engine/node";
import { type Examples, initialState, presets, shapesPicture, train } from "@reprise/mask-rcnn";

// Photos of your own: a picture [3, height, width] and, for each object, a box, a class from 1 and a mask.
const random = new Random(1);
const photos = Array.from({ length: 4 }, () => shapesPicture(random, { height: 96, width: 96 }));
const examples: Examples = {
  count: photos.length,
  name: (i) => `photo ${i}`,
  read: async (i) => photos[i]!,
};
const settings = { ...presets.tiny, minSize: 96, maxSize: 96, steps: Number(process.argv[2] ?? 40), batchSize: 1 };
const { widths, channels, representation } = settings;
const first = initialState(new Random(0), { classes: 4, widths, channels, representation });
await train(nodeRuntime(), first, examples, {
  settings,
  onProgress(event) {
    if (event.kind === "step" && event.done % 10 === 0)
      console.log(`step ${event.done}: loss ${event.loss.toFixed(2)}, of masks ${event.losses.loss_mask.toFixed(2)}`);
  },
});
