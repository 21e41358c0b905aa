export { readLabelMeMasks } from "./coco/labelme-masks.node.ts";
export { readMaskFolders } from "./coco/mask-folders.node.ts";
export {
  type DownloadOptions,
  type DownloadProgress,
  downloadDataset,
  downloadFile,
} from "./download/download.node.ts";
export { createFolder, fileError, readBytes, writeFileAtomic } from "./file.node.ts";
// Images
export {
  type DecodeOptions,
  decodeImage,
  encodeImage,
  encodeSvgAsPng,
  type ImageFormat,
  listImages,
  readImage,
  readImages,
  writeImage,
} from "./image/image-file.node.ts";
export { type ReadImagesOptions, readImagesFor, readLabels } from "./image/model-images.node.ts";
export { writeChart, writePictures } from "./image/pictures.node.ts";
export { savedAndRead } from "./image/saved.node.ts";
export { type ImageFolder, readImageFolder } from "./image-folder.node.ts";
export { loadMnist, mnistSubset, mnistSubsetFolder } from "./mnist.node.ts";
export {
  type ReadVideoOptions,
  readVideoFile,
  type VideoFile,
  type WriteVideoOptions,
  writeVideoFile,
} from "./video-file.node.ts";
export { readZip } from "./zip.node.ts";
