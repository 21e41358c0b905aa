export { Box } from "./lbfgsb/box.ts";
export { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb/lbfgsb.ts";
export { type Minimum, minimize } from "./lbfgsb/minimize.ts";
