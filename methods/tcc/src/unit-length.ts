import { add, div, reduceSumSquare, sqrt, type Value } from "@reprise/engine";

/** x/√(‖x‖² + ε): smooth at 0, where a network may start. */
export const unitLength = (x: Value): Value =>
  div(x, sqrt(add(reduceSumSquare(x, { axes: [-1], keepDims: true }), 1e-12)));
