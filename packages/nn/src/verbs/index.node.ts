// What verbs of several methods share: options of a model, the user's images for it, and what is wrong in the words of options.
export { type ExampleFlags, examplesFor } from "./examples.node.ts";
export { readImagesFor, readLabels } from "./images.node.ts";
export { inFlags, type ModelFlags, modelOptionList, modelOptions, rangeOf } from "./model-options.ts";
