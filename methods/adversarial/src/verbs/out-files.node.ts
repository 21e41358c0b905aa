// What the verbs write into --out: a run begins without what an earlier one has left there.

/** Files of `attack`, whichever attack it ran, and of --against. */
export const attackFiles: readonly RegExp[] = [
  /^results\.(json|csv|md)$/,
  /^(adversarial|minimal|epsilon-[\d.e+-]+)\.npy$/,
  /^(figure|figure-minimal|figure-epsilon-[\d.e+-]+|curve|histogram|transfer)\.(svg|png)$/,
  /^curve\.csv$/,
  /^transfer\.(md|csv)$/,
  /^images\/((minimal|epsilon-[\d.e+-]+)-)?\d+\.png$/,
];
export const transferFiles: readonly RegExp[] = [/^transfer\.(json|csv|md|svg|png)$/];
export const boundsFiles: readonly RegExp[] = [/^bounds\.(json|csv|md)$/];
export const maskingFiles: readonly RegExp[] = [/^masking\.(json|csv|md)$/];
