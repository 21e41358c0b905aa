// What /metrics counts, of a server that listens; without an application every answer is 503.
import { afterEach, expect, test } from "vitest";
import { type Listening, listen } from "../src/server/listen.ts";
import { Metrics } from "../src/server/metrics.ts";

let listening: Listening | undefined;
afterEach(async () => {
  await listening?.close();
});
const started = async (metrics?: Metrics) => {
  listening = await listen({ host: "127.0.0.1", port: 0, metrics });
  return listening.here;
};

test("requests are counted by class and time, under names that say nothing of who asked for what", async () => {
  const metrics = new Metrics();
  const here = await started(metrics);
  for (let i = 0; i < 3; i++) await (await fetch(`${here}/s/secret-link?token=hush`)).text();
  const response = await fetch(`${here}/metrics`);
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(text).toContain('http_requests_total{status="5xx"} 3\n');
  expect(text).toContain('http_requests_total{status="2xx"} 0\n'); // itself is not counted
  expect(text).toContain('http_request_duration_seconds_bucket{le="+Inf"} 3\n');
  expect(text).toContain("http_request_duration_seconds_count 3\n");
  expect(text).toContain("http_requests_in_flight 0\n");
  expect(text).not.toMatch(/secret|hush|127\.0\.0\.1/);
  const counts = [...text.matchAll(/_bucket\{le="[^"]+"\} (\d+)/g)].map(([, count]) => Number(count));
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  // Each line is a comment, or a name, labels and a number.
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(\{[a-z]+="[^"]*"\})? [\d.e+-]+)$/);
  metrics.close();
});

test("without it /metrics is a page like any other", async () => {
  const here = await started();
  expect((await fetch(`${here}/metrics`)).status).toBe(503);
});
