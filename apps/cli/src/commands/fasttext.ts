// reprise fasttext: the verbs and flags of the reference program, on @reprise/fasttext.
import { Command } from "commander";
import { verbs } from "./fasttext/verbs.ts";

const flagHelp = `
Flags of training (defaults for supervised; skipgram and cbow where they differ):
  -lr 0.1 (0.05)  -lrUpdateRate 100  -dim 100  -ws 5  -epoch 5  -neg 5  -loss softmax (ns) | hs | ns | one-vs-all
  -minCount 1 (5)  -minCountLabel 0  -wordNgrams 1  -bucket 2000000  -minn 0 (3)  -maxn 0 (6)  -t 0.0001
  -label __label__  -thread 1  -seed 0  -pretrainedVectors FILE.vec  -saveOutput  -verbose 2
  -deterministic  trains on one thread: the same result each time, whatever -thread says, as one-vs-all on short lines is anyway
  -compat     initialisation, end-of-file rule and probabilities as in the C++ program; with predict and test every digit
  -inputModel FILE.bin  go on from a model;  -validation FILE -patience 3  stop when no epoch is better, keep the best
  -labelWeights FILE  lines "label weight";  -lineWeights FILE  a number for each line of the text
  -memory 2G  for the text in memory; a larger one is read from a temporary file, epoch by epoch, by one thread
  -autotune-validation FILE  -autotune-metric f1 | f1:LABEL | precisionAtRecall:N[:LABEL] | recallAtPrecision:N[:LABEL]
  -autotune-predictions 1  -autotune-duration 300  -autotune-modelsize 2M
Flags of quantize: -cutoff 0  -retrain  -qnorm  -qout  -dsub 2, and those of training for -retrain
--json prints one JSON document (test, predict and the verbs that train)`;

export function command(): Command {
  const fasttext = new Command("fasttext").description("Bag of Tricks for Efficient Text Classification");
  fasttext.addHelpText("after", flagHelp);
  for (const [name, usage, description, action] of verbs) {
    const verb = fasttext.command(name).usage(usage).description(description);
    verb.argument("[args...]").allowUnknownOption();
    if (usage.startsWith("-")) verb.addHelpText("after", flagHelp);
    verb.action((args: string[]) => action(args));
  }
  return fasttext;
}
