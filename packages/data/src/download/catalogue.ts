// The data sets that `reprise data get` knows: where their files are, and by which sums they are recognised.

/** One file of a data set. */
export interface DownloadFile {
  readonly name: string;
  /** Size; a download of any other is refused. */
  readonly bytes: number;
  /** What the file is checked by. */
  readonly sha256: string;
  /** The older sum, by which other tools know it. */
  readonly md5: string;
  /** Addresses of the same bytes, in the order in which they are tried. */
  readonly urls: readonly string[];
}

export interface Dataset {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly files: readonly DownloadFile[];
}

const mnistMirrors = [
  "https://ossci-datasets.s3.amazonaws.com/mnist/",
  "https://storage.googleapis.com/cvdf-datasets/mnist/",
  "http://yann.lecun.com/exdb/mnist/", // often refuses; last
];

const mnistFile = (name: string, bytes: number, md5: string, sha256: string): DownloadFile => ({
  name,
  bytes,
  md5,
  sha256,
  urls: mnistMirrors.map((mirror) => mirror + name),
});

export const datasets: readonly Dataset[] = [
  {
    name: "mnist",
    title: "MNIST: 60,000 + 10,000 handwritten digits, 28 × 28 gray (LeCun, Cortes)",
    licence: "CC BY-SA 3.0",
    files: [
      mnistFile(
        "train-images-idx3-ubyte.gz",
        9912422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      ),
      mnistFile(
        "train-labels-idx1-ubyte.gz",
        28881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      ),
      mnistFile(
        "t10k-images-idx3-ubyte.gz",
        1648877,
        "9fb629c4189551a2d022fa330f9573f3",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      ),
      mnistFile(
        "t10k-labels-idx1-ubyte.gz",
        4542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
      ),
    ],
  },
];
