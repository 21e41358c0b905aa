export { randomFlip, randomShift } from "./augment.ts";
export { type Batch, Batches, type BatchOptions, type BatchState, sliceRows, takeRows } from "./batch.ts";
export { cifar10Classes, decodeCifar } from "./cifar.ts";
export { csvOf } from "./csv.ts";
export { type Dataset, type DownloadFile, datasets, type NpmSource } from "./download/catalogue.ts";
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
export {
  type PouringLevel,
  type PouringOptions,
  type PouringVideo,
  pouringPhases,
  pouringVideo,
  pouringVideos,
} from "./synthetic/pouring.ts";
export { resizeVideo, type VideoFrames } from "./video-size.ts";
