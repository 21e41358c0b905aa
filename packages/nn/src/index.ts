// Networks
export { type Batch, type BatchSource, ExampleBatches, type ExampleBatchesOptions, type Examples } from "./batches.ts";
// Files
export { type CheckpointLayouts, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export { type Evaluation, type Evaluator, evaluator } from "./evaluate.ts";
export { type ExportNetworkOptions, exportNetwork } from "./export.ts";
export {
  type Fans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Init,
  type InitRules,
  initialize,
  normal,
  torchDefault,
  zeros,
} from "./init.ts";
export { conv2d, conv2dParameters, dropout, linear, linearParameters } from "./layers.ts";
export {
  type AutoencoderNetwork,
  type AutoencoderOptions,
  autoencoderLoss,
  autoencoderNetwork,
  autoencoderParameters,
  encode,
  type Sparsity,
} from "./models/autoencoder.ts";
export { lenet } from "./models/lenet.ts";
export { type MlpOptions, mlp } from "./models/mlp.ts";
export { softmaxRegression } from "./models/softmax.ts";
export { type ForwardContext, type ForwardResult, type Network, type Weights, weightsByName } from "./network.ts";
export { networkByName, networks } from "./networks.ts";
export { checkRecipe, optimizerOf, type Recipe, scheduleOf } from "./recipe.ts";
export { readSafetensors, type Safetensors, type SafetensorsSource, writeSafetensors } from "./safetensors.ts";
export { constantRate, cosine, type Schedule, stepDecay, warmUp } from "./schedule.ts";
export { type StageEvent, type TrainAutoencoderOptions, trainAutoencoder } from "./train-autoencoder.ts";
export { classifierProgram, type TrainClassifierOptions, trainClassifier } from "./train-classifier.ts";
export { type Checkpoint, DivergedError, type TrainEvent, type TrainOptions, train } from "./trainer.ts";
export { weightDecay } from "./weight-decay.ts";
export { packWeights } from "./weights.ts";
