// The files that a reader gave, under the short names that stand for them in the panel's inputs. They stay in the page.
import type { ModelFacts, OwnImage, OwnModel } from "../../../run/adversarial/own-files.ts";

/** A model, and what has been found out about it. */
export interface KeptModel {
  readonly file: OwnModel;
  readonly facts: ModelFacts | null;
  /** Why it cannot be attacked, null while nothing is known against it. */
  readonly problem: string | null;
  /** What its labels are called, one a line; "" for their numbers. */
  readonly names: string;
}

const images = new Map<string, OwnImage>();
const models = new Map<string, KeptModel>();

let given = 0;

/** Keeps an image in the place of the one before and gives the value that stands for it. */
export function keepImage(image: OwnImage): string {
  releaseImage();
  const value = `f${++given}`;
  images.set(value, image);
  return value;
}

/** Lets the image go. */
export function releaseImage(): void {
  images.clear();
}

export const imageOf = (value: string): OwnImage | undefined => images.get(value);

/** Keeps a model in the place of the one before, or more that is known of one under its value. */
export function keepModel(model: KeptModel, value = `m${++given}`): string {
  models.clear();
  models.set(value, model);
  return value;
}

export const modelOf = (value: string): KeptModel | undefined => models.get(value);

export function imageProblem(value: string): string | null {
  return images.has(value) ? null : "Files are not part of an address: choose the image again.";
}

export function modelProblem(value: string): string | null {
  return models.has(value) ? models.get(value)!.problem : "Choose an ONNX file: it stays in this page.";
}
