// What of the paper can be run again. ImageNet's networks cannot: neither their data nor their weights may be had here.
import type { Experiments } from "@reprise/experiment";
import { checkpoints } from "./experiments/checkpoints.ts";
import { defences } from "./experiments/defences.ts";
import { flips } from "./experiments/flips.ts";

const parts: Readonly<Record<string, Experiments>> = { flips, checkpoints, defences };

/** Values of parts whose data is not at hand are left out. */
export const experiments: Experiments = {
  values: (context) => context.parts.flatMap((part) => parts[part]?.values(context) ?? []),
};
