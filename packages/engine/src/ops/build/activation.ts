// Activations, and circular and hyperbolic functions.
import type { Value } from "../../ir/graph.ts";
import { defaults, type Numbers } from "../defaults.ts";
import { first, unary } from "./operand.ts";

/** αx + β limited to [0, 1]; PyTorch's has α = 1/6. */
export const hardSigmoid = (x: Value, options: Numbers<"HardSigmoid"> = {}): Value =>
  first(x.graph.add("HardSigmoid", [x], { ...defaults.HardSigmoid, ...options }));
/** x·(x/6 + ½ limited to [0, 1]). */
export const hardSwish = (x: Value): Value => unary("HardSwish", x);
/** x where x > 0, α(eˣ − 1) elsewhere. */
export const elu = (x: Value, options: Numbers<"Elu"> = {}): Value =>
  first(x.graph.add("Elu", [x], { ...defaults.Elu, ...options }));
/** γx where x > 0, γα(eˣ − 1) elsewhere. */
export const selu = (x: Value, options: Numbers<"Selu"> = {}): Value =>
  first(x.graph.add("Selu", [x], { ...defaults.Selu, ...options }));
/** x where x > 0, α(e^(x/α) − 1) elsewhere. */
export const celu = (x: Value, options: Numbers<"Celu"> = {}): Value =>
  first(x.graph.add("Celu", [x], { ...defaults.Celu, ...options }));
/** x limited to [0, max]: ReLU6. */
export const boundedRelu = (x: Value, { max = 6 } = {}): Value => first(x.graph.add("BoundedRelu", [x], { max }));
/** x where x > α, 0 elsewhere. */
export const thresholdedRelu = (x: Value, options: Numbers<"ThresholdedRelu"> = {}): Value =>
  first(x.graph.add("ThresholdedRelu", [x], { ...defaults.ThresholdedRelu, ...options }));
/** x where x > 0, slope·x elsewhere; the slope is broadcast to x. */
export const pRelu = (x: Value, slope: Value): Value => first(x.graph.add("PRelu", [x, slope]));
/** x/(1 + |x|). */
export const softsign = (x: Value): Value => unary("Softsign", x);
export const sin = (x: Value): Value => unary("Sin", x);
export const cos = (x: Value): Value => unary("Cos", x);
export const tan = (x: Value): Value => unary("Tan", x);
export const asin = (x: Value): Value => unary("Asin", x);
export const acos = (x: Value): Value => unary("Acos", x);
export const atan = (x: Value): Value => unary("Atan", x);
export const sinh = (x: Value): Value => unary("Sinh", x);
export const cosh = (x: Value): Value => unary("Cosh", x);
export const asinh = (x: Value): Value => unary("Asinh", x);
export const acosh = (x: Value): Value => unary("Acosh", x);
export const atanh = (x: Value): Value => unary("Atanh", x);
