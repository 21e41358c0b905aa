// What a paper's experiments can be told.
import type { Recipe } from "@reprise/nn";

export interface ReproduceFlags {
  readonly data?: string;
  readonly out: string;
  readonly images?: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly epochs?: number;
  readonly optimizer?: Recipe["optimizer"];
  readonly jobs?: number;
  readonly publish?: string;
  readonly json?: boolean;
}
