// What dtypes an operator takes, as its shape rule checks them.
import { formatType, isFloat, ShapeError, type Type } from "../ir/type.ts";

type Inputs = readonly [Type, ...Type[]];

/** The type of the first input, which must be of real numbers. */
export function floating([x]: Inputs): Type {
  if (!isFloat(x.dtype)) throw new ShapeError(`input is ${formatType(x)}; it must be float32 or float64: cast it`);
  return x;
}

/** The type of the first input, which must be of numbers. */
export function numeric([x]: Inputs): Type {
  if (x.dtype === "bool") throw new ShapeError(`input is ${formatType(x)}; it must be a number: cast it`);
  return x;
}
