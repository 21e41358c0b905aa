import { apgd } from "./apgd.ts";
import { type Attack, normNames } from "./attack.ts";
import { bim } from "./bim.ts";
import { carliniWagner } from "./carlini-wagner.ts";
import { ddn } from "./ddn.ts";
import { deepFool } from "./deepfool.ts";
import { fgsm } from "./fgsm.ts";
import { hopSkipJump } from "./hop-skip-jump.ts";
import { miFgsm } from "./mi-fgsm.ts";
import { gaussianNoise, saltAndPepper, uniformNoise } from "./noise.ts";
import { pgd } from "./pgd.ts";
import { square } from "./square.ts";

export interface NamedAttackOptions {
  /** Of those that come in both; L∞ if left out. */
  readonly norm?: "l2" | "linf";
  /** Iterations, or queries of the Square attack, or draws of a control, instead of the attack's own number. */
  readonly steps?: number;
  /** Of HopSkipJump: images to start from. */
  readonly starts?: Float32Array;
}

type Given = { readonly norm: "l2" | "linf"; readonly steps?: number; readonly starts?: Float32Array };
const stepsOf = ({ steps }: Given, key: "steps" | "queries" | "draws" = "steps") =>
  steps === undefined ? {} : { [key]: steps };

/** Every attack by the name it has on the command line. */
const makers = {
  fgsm: ({ norm }: Given) => fgsm({ norm }),
  bim: (given: Given) => bim({ norm: given.norm, ...stepsOf(given) }),
  pgd: (given: Given) => pgd({ norm: given.norm, ...stepsOf(given) }),
  "mi-fgsm": (given: Given) => miFgsm({ norm: given.norm, ...stepsOf(given) }),
  deepfool: (given: Given) => deepFool(stepsOf(given)),
  cw: (given: Given) => carliniWagner(stepsOf(given)),
  ddn: (given: Given) => ddn(stepsOf(given)),
  "apgd-ce": (given: Given) => apgd({ norm: given.norm, loss: "ce", ...stepsOf(given) }),
  "apgd-dlr": (given: Given) => apgd({ norm: given.norm, loss: "dlr", ...stepsOf(given) }),
  square: (given: Given) => square(stepsOf(given, "queries")),
  hopskipjump: (given: Given) => hopSkipJump({ ...stepsOf(given), ...(given.starts ? { starts: given.starts } : {}) }),
  gaussian: (given: Given) => gaussianNoise(stepsOf(given, "draws")),
  uniform: (given: Given) => uniformNoise(stepsOf(given, "draws")),
  "salt-and-pepper": (given: Given) => saltAndPepper(stepsOf(given, "draws")),
} as const satisfies Record<string, (given: Given) => Attack>;

export type AttackName = keyof typeof makers;
export const attackNames = Object.keys(makers) as readonly AttackName[];

/** @throws RangeError for a name that is none, or a norm in which the attack does not come */
export function attackByName(name: string, { norm, ...options }: NamedAttackOptions = {}): Attack {
  const make = (makers as Readonly<Record<string, (given: Given) => Attack>>)[name];
  if (!make) throw new RangeError(`attack "${name}" is not known; choose one of ${attackNames.join(", ")}.`);
  const attack = make({ norm: norm ?? "linf", ...options });
  if (norm !== undefined && attack.norm !== norm)
    throw new RangeError(
      `attack "${name}" comes in ${normNames[attack.norm]} only, ${normNames[norm]} was asked for; leave out the norm.`,
    );
  return attack;
}
