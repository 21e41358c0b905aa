// Figures for whoever watches the server, as Prometheus reads them: requests, their times, memory, how late the thread is.
import type { ServerResponse } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Upper ends in seconds of the times that are counted together. */
const buckets = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10] as const;
const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

export class Metrics {
  readonly #requests = [0, 0, 0, 0, 0];
  /** Of each bucket alone; the last has what takes longer than all. */
  readonly #times = Array<number>(buckets.length + 1).fill(0);
  #seconds = 0;
  #inFlight = 0;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    this.#delay.enable();
  }

  /** Counts a request when its answer is sent, or broken off. */
  watch(response: ServerResponse): void {
    const start = performance.now();
    this.#inFlight++;
    response.once("close", () => {
      const seconds = (performance.now() - start) / 1000;
      this.#inFlight--;
      this.#seconds += seconds;
      const kind = Math.floor(response.statusCode / 100) - 1;
      this.#requests[kind] = (this.#requests[kind] ?? 0) + 1;
      const bucket = buckets.findIndex((end) => seconds <= end);
      const at = bucket < 0 ? buckets.length : bucket;
      this.#times[at] = (this.#times[at] ?? 0) + 1;
    });
  }

  /** In the text format 0.0.4. No address, no name and no query is in it. */
  text(): string {
    const lines: string[] = [];
    const metric = (name: string, type: string, help: string, values: readonly (readonly [string, number])[]) => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [label, value] of values) lines.push(`${name}${label} ${value}`);
    };
    metric(
      "http_requests_total",
      "counter",
      "Requests by the class of their status.",
      classes.map((status, i) => [`{status="${status}"}`, this.#requests[i] ?? 0]),
    );
    let below = 0;
    const ends = [...buckets.map(String), "+Inf"];
    metric("http_request_duration_seconds", "histogram", "Time until the answer was sent.", [
      ...ends.map((end, i) => {
        below += this.#times[i] ?? 0;
        return [`_bucket{le="${end}"}`, below] as const;
      }),
      ["_sum", this.#seconds],
      ["_count", below],
    ]);
    metric("http_requests_in_flight", "gauge", "Requests that are not answered yet.", [["", this.#inFlight]]);
    const { rss, heapUsed } = process.memoryUsage();
    metric("process_resident_memory_bytes", "gauge", "Memory of the process.", [["", rss]]);
    metric("nodejs_heap_size_used_bytes", "gauge", "Memory of JavaScript's objects.", [["", heapUsed]]);
    metric("process_start_time_seconds", "gauge", "When the process started.", [
      ["", Math.round(performance.timeOrigin / 1000)],
    ]);
    const late = this.#delay.percentile(99) / 1e9;
    metric("nodejs_eventloop_lag_p99_seconds", "gauge", "How late the thread of HTTP is, 99th percentile.", [
      ["", Number.isFinite(late) ? late : 0],
    ]);
    return `${lines.join("\n")}\n`;
  }

  close(): void {
    this.#delay.disable();
  }
}
