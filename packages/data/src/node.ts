export { type DownloadOptions, type DownloadProgress, downloadDataset, downloadFile } from "./download/node.ts";
export { createFolder, fileError, readBytes, writeFileAtomic } from "./file/node.ts";
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
} from "./image/node.ts";
export { type ImageFolder, readImageFolder } from "./image-folder/node.ts";
export { loadMnist, mnistSubset, mnistSubsetFolder } from "./mnist/node.ts";
