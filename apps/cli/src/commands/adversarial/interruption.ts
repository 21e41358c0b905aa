export { interruption } from "../../shell/interruption.ts"; // until reproduce imports it from there
