import { apgd } from "./apgd.ts";
import { type Attack, normNames } from "./attack.ts";
import { bim } from "./bim.ts";
import { carliniWagner } from "./carlini-wagner.ts";
import { ddn } from "./ddn.ts";
import { deepFool } from "./deepfool.ts";
import { type AttackName, factsOf } from "./facts.ts";
import { fgsm } from "./fgsm.ts";
import { hopSkipJump } from "./hop-skip-jump.ts";
import { type LbfgsOptions, lbfgs } from "./lbfgs.ts";
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
  /** Of the paper's attack. */
  readonly lbfgs?: LbfgsOptions;
}

type Given = NamedAttackOptions & { readonly norm: "l2" | "linf" };
const stepsOf = ({ steps }: Given, key: "steps" | "queries" | "draws" = "steps") =>
  steps === undefined ? {} : { [key]: steps };

/** Every attack by the name it has on the command line. */
const makers: Readonly<Record<AttackName, (given: Given) => Attack>> = {
  lbfgs: (given) => lbfgs(given.lbfgs),
  fgsm: ({ norm }) => fgsm({ norm }),
  bim: (given) => bim({ norm: given.norm, ...stepsOf(given) }),
  pgd: (given) => pgd({ norm: given.norm, ...stepsOf(given) }),
  "mi-fgsm": (given) => miFgsm({ norm: given.norm, ...stepsOf(given) }),
  deepfool: (given) => deepFool(stepsOf(given)),
  cw: (given) => carliniWagner(stepsOf(given)),
  ddn: (given) => ddn(stepsOf(given)),
  "apgd-ce": (given) => apgd({ norm: given.norm, loss: "ce", ...stepsOf(given) }),
  "apgd-dlr": (given) => apgd({ norm: given.norm, loss: "dlr", ...stepsOf(given) }),
  square: (given) => square(stepsOf(given, "queries")),
  hopskipjump: (given) => hopSkipJump({ ...stepsOf(given), ...(given.starts ? { starts: given.starts } : {}) }),
  gaussian: (given) => gaussianNoise(stepsOf(given, "draws")),
  uniform: (given) => uniformNoise(stepsOf(given, "draws")),
  "salt-and-pepper": (given) => saltAndPepper(stepsOf(given, "draws")),
};

/** @throws RangeError for an unknown name, a norm in which the attack does not come, or an option that it does not have */
export function attackByName(name: string, { norm, ...options }: NamedAttackOptions = {}): Attack {
  const facts = factsOf(name);
  const lacks = (option: string) => new RangeError(`attack "${name}" has no ${option}; leave it out.`);
  if (options.steps !== undefined && facts.steps === null) throw lacks("number of steps");
  if (options.starts && name !== "hopskipjump") throw lacks("images to start from");
  if (options.lbfgs && name !== "lbfgs") throw lacks("settings of L-BFGS");
  const attack = makers[name as AttackName]({ norm: norm ?? "linf", ...options });
  if (norm !== undefined && attack.norm !== norm)
    throw new RangeError(
      `attack "${name}" comes in ${normNames[attack.norm]} only, ${normNames[norm]} was asked for; leave out the norm.`,
    );
  return attack;
}
