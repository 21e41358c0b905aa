// Networks

export { BatchNorms, batchNormBuffers, batchNormParameters, initialStatistics } from "./batch-norm.ts";
export {
  type Augment,
  type Batch,
  type BatchSource,
  ExampleBatches,
  type ExampleBatchesOptions,
  type Examples,
} from "./batches.ts";
// Files
export { type CheckpointLayouts, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export {
  type Classifier,
  type DifferentiableClassifier,
  imageSize,
  leadingLabel,
  predictedLabel,
  type ScoreDifferentiable,
  softmax,
} from "./classifier/classifier.ts";
export { type ImageFormat, type ModelInput, ModelOptionError, modelInput } from "./classifier/model-input.ts";
export {
  NoGradientError,
  type OnnxClassifier,
  type OnnxClassifierOptions,
  onnxClassifier,
} from "./classifier/onnx-classifier.ts";
export { type OnnxScores, onnxScores } from "./classifier/onnx-scores.ts";
export { scoresOutput } from "./classifier/scores-output.ts";
// Defences against flipped bits
export { type Defence, type DefendedNetwork, defenceNames, defended } from "./defences/defended.ts";
export { piecewiseClustering } from "./defences/piecewise-clustering.ts";
export { type Evaluation, type Evaluator, evaluator } from "./evaluate.ts";
export { type ExportNetworkOptions, exportNetwork } from "./export.ts";
export { type ImageNetworkOptions, imageNetwork, imageNetworkNames } from "./image-networks.ts";
export {
  type Fans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heNormalFanOut,
  heUniform,
  type Init,
  type InitRules,
  initialize,
  normal,
  torchDefault,
  zeros,
} from "./init.ts";
export { conv2d, conv2dParameters, dropout, linear, linearParameters } from "./layers.ts";
export { type AlexNetOptions, alexnet } from "./models/alexnet.ts";
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
export { isMlp, type Mlp, type MlpOptions, mlp } from "./models/mlp.ts";
export { type ResNetOptions, type ResNetTrunk, resnet, resnetTrunk } from "./models/resnet.ts";
export { type ResNetCifarOptions, resnetCifar } from "./models/resnet-cifar.ts";
export { softmaxRegression } from "./models/softmax.ts";
export { type VggOptions, vgg } from "./models/vgg.ts";
export {
  type ForwardContext,
  type ForwardResult,
  initialWeights,
  type Network,
  type Weights,
  weightsByName,
} from "./network.ts";
export { networkByName, networks } from "./networks.ts";
export { type ChannelStatistics, channelStatistics, imageNetStatistics, normalized } from "./normalized.ts";
export { checkRecipe, optimizerOf, type Recipe, scheduleOf } from "./recipe.ts";
export { readSafetensors, type Safetensors, type SafetensorsSource, writeSafetensors } from "./safetensors.ts";
export { constantRate, cosine, milestones, type Schedule, stepDecay, warmUp } from "./schedule.ts";
export { stateDictOf, weightsFromTensors } from "./state-dict.ts";
export { type OnnxFromTfliteOptions, onnxFromTflite } from "./tflite/to-onnx.ts";
export { readTorchFile, type TorchDict, type TorchFileOptions, type TorchList, type TorchValue } from "./torch-file.ts";
export { type StageEvent, type TrainAutoencoderOptions, trainAutoencoder } from "./train-autoencoder.ts";
export { classifierProgram, type TrainClassifierOptions, trainClassifier } from "./train-classifier.ts";
export { type FullBatchOptions, trainFullBatch } from "./train-full-batch.ts";
export {
  type Checkpoint,
  DivergedError,
  type Following,
  type TrainEvent,
  type TrainOptions,
  train,
} from "./trainer.ts";
export { weightDecay } from "./weight-decay.ts";
export { packWeights } from "./weights.ts";
