export { randomFlip, randomShift } from "./augment.ts";
export { type Batch, Batches, type BatchOptions, type BatchState, sliceRows, takeRows } from "./batch.ts";
export { cifar10Classes, decodeCifar } from "./cifar.ts";
// COCO: annotations, masks, evaluation
export {
  type CocoAnnotation,
  type CocoCategory,
  type CocoDataset,
  type CocoDetection,
  type CocoImage,
  detectionMask,
  isPolygons,
  parseCoco,
  parseDetections,
  type RleJson,
  rleToJson,
  type Segmentation,
  segmentationToRle,
} from "./coco/annotations.ts";
export type { EvaluationType } from "./coco/cells.ts";
export { type CheckOptions, type CocoProblem, checkCoco } from "./coco/check.ts";
export { cocoFromCvat, cvatFromCoco } from "./coco/cvat.ts";
export { colourOf, type DrawnObject, drawObjects } from "./coco/draw.ts";
export { type CocoErrors, cocoErrors, type ErrorKind, errorKinds } from "./coco/errors.ts";
export { type CategoryNumbers, type CocoEvaluation, type EvaluationOptions, evaluateCoco } from "./coco/evaluate.ts";
export { keypointSimilarity, personSigmas } from "./coco/keypoints.ts";
export {
  cocoFromLabelMe,
  type LabelMeOptions,
  labelMeFromCoco,
  type MaskPicture,
  type NamedJson,
} from "./coco/labelme.ts";
export { boxPolygon, polygonsToRle, polygonToRle } from "./coco/polygon.ts";
export {
  type BoxXywh,
  decodeRle,
  encodeRle,
  mergeRle,
  type Rle,
  rleArea,
  rleBox,
  rleFromString,
  rleToString,
} from "./coco/rle.ts";
export { boxIou, rleIou } from "./coco/rle-iou.ts";
export { type CategoryStats, type CocoStats, statsOfCoco } from "./coco/stats.ts";
export { cocoFromVia, type ViaOptions } from "./coco/via.ts";
export { cocoFromYolo, type YoloFile, yoloFromCoco } from "./coco/yolo.ts";
// Arrays, files of data sets, images
export { csvOf } from "./csv.ts";
export { datasets } from "./download/catalogue.ts";
export type { Dataset, DownloadFile, NpmSource } from "./download/dataset.ts";
export { DataError, ImageSizeError, PixelRangeError } from "./error.ts";
export { bytesText, durationText, percentText } from "./format.ts";
export { gunzip, gzip, isGzip } from "./gzip.ts";
export { decodeIdx, encodeIdx, type IdxDType } from "./idx.ts";
export { grayFromRgb, interleaved, isPicture, planar, toUnit, unitBytes, unitFloat } from "./image/pixels.ts";
export { encodePng, pngDataUri } from "./image/png.ts";
export {
  accuracy,
  confusionMatrix,
  type MeanInterval,
  mean,
  meanInterval,
  median,
  quantile,
  quantiles,
  type Rate,
  rateOf,
  shareInterval,
} from "./metrics.ts";
export { decodeMnist, type LabelledImages, type MnistSplit, mnistFiles, mnistHalves } from "./mnist.ts";
export { type ArrayOf, bytesPerElement, type DType, elementCount, type NdArray, ndArray } from "./nd-array.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export { Random, type RandomState } from "./random.ts";
export { type InkOptions, type InkVideo, inkVideo, type PenPoint, type Stroke } from "./strokes/ink.ts";
export { parseOmniglotStrokes } from "./strokes/omniglot.ts";
export { strokesOf, thinned } from "./strokes/thinning.ts";
export {
  type PouringLevel,
  type PouringOptions,
  type PouringVideo,
  pouringPhases,
  pouringVideo,
  pouringVideos,
} from "./synthetic/pouring.ts";
export { resizeVideo, type VideoFrames } from "./video-size.ts";
