// What an attack is to reach, from what the user chose.
import { UsageError } from "@reprise/experiment";
import type { Aim } from "../attack.ts";
import type { TargetedOptions } from "../targeted.ts";

export interface GoalChoice {
  readonly stopAccuracy?: number;
  readonly target?: number;
  readonly source?: number;
  readonly stealthy?: boolean;
  readonly stealthAsConstant?: boolean;
  readonly stopSuccess?: number;
}

export interface Plan {
  readonly stopAccuracy?: number;
  readonly stopSuccess?: number;
  readonly aim?: Aim;
  readonly targeted?: TargetedOptions;
}

/** @throws UsageError when choices contradict each other, or the model has no such class */
export function planOf(choice: GoalChoice, classes: number, hasTest: boolean): Plan {
  const { target, source, stealthy = false, stealthAsConstant = false } = choice;
  for (const [flag, label] of [
    ["--target", target],
    ["--source", source],
  ] as const)
    if (label !== undefined && label >= classes)
      throw new UsageError(`${flag} is ${label}; the model has classes 0 to ${classes - 1}`);
  if (target === undefined) {
    if (source !== undefined || stealthy || choice.stopSuccess !== undefined)
      throw new UsageError("--source, --stealthy and --stop-success are of a targeted attack; give --target as well");
    if (choice.stopAccuracy !== undefined && !hasTest)
      throw new UsageError("--stop-accuracy needs --test, images to measure the accuracy on");
    return hasTest ? { stopAccuracy: choice.stopAccuracy ?? guessing(classes) } : {};
  }
  if (choice.stopAccuracy !== undefined)
    throw new UsageError("--stop-accuracy is of an attack without a target; with --target give --stop-success");
  if (stealthy && source === undefined)
    throw new UsageError("--stealthy needs --source, the class that does not keep its answers");
  const aim: Aim = source === undefined ? { target } : { target, source };
  const type = source === undefined ? "all-to-one" : stealthy ? "one-to-one-stealthy" : "one-to-one";
  return {
    aim,
    targeted: { ...aim, type, stealthGradient: !stealthAsConstant },
    ...(hasTest ? { stopSuccess: choice.stopSuccess ?? 0.99 } : {}),
  };
}

/** The accuracy of a guess and what the paper allows above it: 11 % for CIFAR-10's classes, 0.2 % for ImageNet's. */
export function guessing(classes: number): number {
  return Math.min(1 / classes + 0.01, 2 / classes);
}
