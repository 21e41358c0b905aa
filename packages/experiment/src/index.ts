// What a paper is to the site, the command line and the tools.
export type { Choice, Flag, Integer, List, Numeric, Option, Options, OptionValues, Text } from "./option.ts";
export { type Asset, assetAt, type ExperimentEntry, type Paper } from "./paper.ts";
