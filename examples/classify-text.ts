// Trains a classifier on a few labelled lines, asks it, and shows which words speak for the answer.
import { evidence, train } from "@reprise/fasttext";

const lines = [
  "__label__baking how long should sourdough bread rise before it goes into the oven",
  "__label__baking my cake dough with yeast does not rise",
  "__label__baking which flour makes a crisp bread crust",
  "__label__fish how do i grill salmon without it sticking",
  "__label__fish is smoked tuna safe to eat raw",
  "__label__fish removing the scales of a sea bass",
];
const model = await train(
  lines.map((line) => `${line}\n`),
  { dim: 10, lr: 0.5, epoch: 50, wordNgrams: 2, bucket: 1000 },
);

const question = "can i grill raw tuna";
for (const { label, probability } of model.predict(question, { k: 2 })) console.log(label, probability.toFixed(3));
for (const { text, kind, score } of evidence(model, question, "__label__fish").slice(0, 4))
  console.log(`  ${score.toFixed(3).padStart(7)}  ${text} (${kind})`);
