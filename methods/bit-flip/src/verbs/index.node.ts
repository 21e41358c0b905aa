// What `reprise bit-flip` does.
import type { Verb } from "@reprise/experiment";
import { attack } from "./attack.node.ts";
import { apply, undo } from "./flip-file.node.ts";
import { quantise } from "./quantise.node.ts";
import { random } from "./random.node.ts";
import { sweep } from "./sweep.node.ts";

export const verbs: readonly Verb[] = [quantise, attack, random, sweep, apply, undo];
