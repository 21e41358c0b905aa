// FC10(λ) of Szegedy et al. 2013, §4: softmax regression with weight decay λ.
import type { Network } from "../network.ts";
import type { Recipe } from "../recipe.ts";
import { mlp } from "./mlp.ts";

const softmaxRecipe: Recipe = {
  optimizer: "adam",
  epochs: 8,
  batchSize: 200,
  learningRate: 2e-3,
  schedule: "cosine",
  source: "ours; the paper gives no training settings but λ",
};

/** A linear classifier of [1, 28, 28] images in 10 classes; its layer is `fc1`. */
export function softmaxRegression(lambda: number, { name = `fc10-${lambda}` } = {}): Network {
  return mlp({
    units: [10],
    lambda: [lambda],
    name,
    summary: `softmax regression, weight decay λ = ${lambda}`,
    recipe: softmaxRecipe,
  });
}
