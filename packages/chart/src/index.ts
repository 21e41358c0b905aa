export { type Axis, shortNumber } from "./axis.ts";
export { type Bar, type BarChartOptions, barChart } from "./bar-chart.ts";
export { type Cell, type HeatMapOptions, heatMap } from "./heat-map.ts";
export { type HistogramOptions, histogram } from "./histogram.ts";
export { type LineChartOptions, lineChart, type Point, type Series } from "./line-chart.ts";
export type { Reference } from "./reference.ts";
export { type Chart, element, type SvgElement, svgDocument } from "./svg.ts";
