export { baseAnchors, gridAnchors } from "./anchors.ts";
export { boxIouMatrix, clipBoxes, largeBoxes, takeBoxes } from "./box.ts";
export { type BoxWeights, decodeBoxes, encodeBoxes, sizeClip } from "./box-coder.ts";
export { cocoOfShapes, labelsOf, objectsOfImages, shapeCategories, targetsOf } from "./coco-objects.ts";
export { type BoxHeadOutput, type DetectionOptions, type Detections, detectionsOf } from "./detections.ts";
export { type Detectron2Weights, detectron2Weights, isDetectron2 } from "./detectron2.ts";
export { type EvaluateOptions, evaluate, type MaskRcnnEvaluation } from "./evaluate.ts";
export { type Examples, mirrored, shapesExamples } from "./examples.ts";
export { type ExportOptions, exportMaskRcnn } from "./export.ts";
export { ExportedMaskRcnn } from "./exported.ts";
export type { ProposalLimits } from "./first-pass.ts";
export { fpnLevels, type LevelOptions } from "./fpn-level.ts";
export { initialState, type SmallNetwork } from "./initial-state.ts";
export { keypointPlaces, keypointsOf, type RegionKeypoints } from "./keypoints.ts";
export { type Losses, type LossName, type LossOptions, type TrainingInput, trainingLosses } from "./losses.ts";
export { type Examination, MaskRcnn, type MaskRcnnOptions, type Segmentation } from "./mask-rcnn.ts";
export {
  background,
  between,
  type MatcherOptions,
  matchCandidates,
  type SamplerOptions,
  sampleCandidates,
} from "./matcher.ts";
export { type Category, decodeModel, encodeModel, type ModelFacts } from "./model-file.ts";
export { type Arrays, type RegionShape, regionShape, type StateDict } from "./network.ts";
export { nms } from "./nms.ts";
export { overlay } from "./overlay.ts";
export { pasteMask } from "./paste.ts";
export { type ProposalLevel, type ProposalOptions, proposeRegions } from "./proposals.ts";
export { cocoDetections, objectMask } from "./results.ts";
export {
  type Features,
  type RoiAlignOptions,
  roiAlign,
  roiAlignGradient,
  roiWarp,
  roiWarpGradient,
} from "./roi-align.ts";
export { type RoiPoolOptions, roiPool, roiPoolGradient } from "./roi-pool.ts";
export {
  type Conventions,
  type MaskHead,
  type MaskLoss,
  type NetworkFeatures,
  type PictureSettings,
  type PresetName,
  pictureSettings,
  presets,
  type RoiPooling,
  type TrainSettings,
} from "./settings.ts";
export { type ShapesOptions, type ShapesPicture, shapeNames, shapesPicture } from "./shapes.ts";
export {
  type PictureTargets,
  resizedTargets,
  type SamplingOptions,
  trainingInputs,
} from "./targets.ts";
export {
  isFrozen,
  type MaskRcnnCheckpoint,
  MaskRcnnDiverged,
  type MaskRcnnEvent,
  type TrainOptions,
  train,
} from "./train.ts";
export {
  MaskRcnnTraining,
  type StepLosses,
  type StepOptions,
  type TrainingOptions,
  trainedLayout,
} from "./training.ts";
export { decodeTraining, encodeTraining, type RunConfig } from "./training-file.ts";
export { type ImageBatch, imageBatch, type Picture, type TransformOptions } from "./transform.ts";
export { forClasses, torchvisionWeights } from "./weights.ts";
