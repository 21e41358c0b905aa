// What every command has in common, once over all of them: help, what is refused, and how errors are told.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assetAt, flagOf, isRaw, type Paper, UsageError, type Verb, verb } from "@reprise/experiment";
import { papers } from "@reprise/papers";
import { describe, expect, test } from "vitest";
import { commands, commandTable } from "../src/commands/table.ts";
import { commandOf } from "../src/shell/command.ts";
import { runVerb } from "../src/shell/run-verb.ts";
import { inProcess } from "./in-process.ts";

const bin = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
const content = fileURLToPath(new URL("../content/", import.meta.resolve("@reprise/site")));
const site = fileURLToPath(new URL("../", import.meta.resolve("@reprise/site")));

const all = await Promise.all(
  Object.entries(commands).map(async ([name, { summary, verbs }]) => ({ name, summary, verbs: await verbs() })),
);
const each = all.flatMap(({ name, verbs }) => verbs.map((one) => [`${name} ${one.name}`, name, one] as const));

describe.each(each)("reprise %s", (_, name, one) => {
  test("help names the verb, what it is for, and every option", async () => {
    const command = await commandOf(name, "", [one]);
    const help = (command.commands[0] ?? command).helpInformation().replace(/\s+/g, " ");
    expect(help).toContain(one.summary);
    if (isRaw(one)) return expect(help).toContain(one.usage.replace(/\s+/g, " "));
    for (const [key, option] of Object.entries(one.options))
      if (!option.hidden) expect(help, `${flagOf(key)} is missing`).toContain(flagOf(key));
  });

  test("summaries and help texts end without a full stop", () => {
    const texts = [one.summary, ...(isRaw(one) ? [] : Object.values(one.options).map(({ help }) => help))];
    expect(texts.filter((text) => text.endsWith(".") || text.trim() === "")).toEqual([]);
  });

  test("an option that it does not have is refused", async () => {
    const required = isRaw(one) ? [] : Object.entries(one.options).filter(([, { required }]) => required);
    const given = required.flatMap(([key, option]) => [
      flagOf(key),
      option.kind === "choice" ? option.choices[0]! : "1",
    ]);
    const words = isRaw(one) ? ["--nonsense"] : [...(one.arguments ?? []).map(() => "x"), ...given, "--nonsense"];
    const args = one.name === name ? words : [one.name, ...words];
    await expect(inProcess(name, args, [one])).rejects.toThrow(/unknown (option '--nonsense'|flag -nonsense)/);
  });

  if (!isRaw(one) && Object.values(one.options).some(({ required }) => required))
    test("a missing option that is required is named", async () => {
      const words = (one.arguments ?? []).map(() => "x");
      await expect(inProcess(name, [one.name, ...words], [one])).rejects.toThrow(/required option '--/);
    });
});

const reprise = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
};

describe("errors", () => {
  test("what cannot be run exits with 2, what fails with 1; a line on stderr, nothing on stdout", () => {
    expect(reprise("fasttext", "predict")).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^reprise fasttext predict: expected MODEL FILE/),
    });
    expect(reprise("data", "get", "mnist", "--mirror", "ftp://x")).toMatchObject({ status: 2, stdout: "" });
    expect(reprise("adversarial", "attack", "none.onnx")).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^reprise: none\.onnx: cannot be read: there is no such file.*\n$/),
    });
  });

  test("with --json they are a document on stdout, with the same exit codes", () => {
    for (const [status, ...args] of [
      [2, "fasttext", "predict", "-json"],
      [2, "adversarial", "attack", "--json"],
      [2, "classifier", "train", "--json", "--epochs", "0"],
      [1, "adversarial", "attack", "none.onnx", "--json"],
      [1, "reproduce", "no/such/paper", "--json"],
    ] as const) {
      const done = reprise(...args);
      expect(done.status, args.join(" ")).toBe(status);
      const { error } = JSON.parse(done.stdout) as { error: { message: string; hint: string | null } };
      expect(error.message).toMatch(/\w/);
      expect(error).toHaveProperty("hint");
      expect(done.stderr).toBe("");
    }
  });
});

test("SIGTERM and SIGINT stop a verb, which says what is kept", async () => {
  const slow = verb({
    name: "slow",
    summary: "waits",
    options: {},
    run: ({ signal, onStop }) =>
      new Promise((_, reject) => {
        onStop(() => "Half of it is kept.");
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    const lines: string[] = [];
    const error = console.error;
    console.error = (line: string) => lines.push(line);
    try {
      const running = runVerb(slow, { words: "slow", args: [], options: {}, json: false, debug: false });
      process.emit(name);
      expect(await running).toBe(1);
    } finally {
      console.error = error;
    }
    expect(lines).toEqual(["reprise: interrupted. Half of it is kept."]);
  }
});

test("a paper that is added needs its folder and its line: the command and its verbs follow", async () => {
  const sixth: Paper = {
    key: "journals/corr/Sixth26",
    method: "sixth",
    summary: "a made-up method",
    experiments: {},
    assets: [],
  };
  const double = verb({
    name: "double",
    summary: "twice a number",
    options: { number: { kind: "integer", required: true, help: "what to double" } },
    async run({ options: { number } }) {
      if (number === 13) throw new UsageError("13 is not doubled.");
      return { result: { twice: 2 * number }, text: () => `${2 * number}` };
    },
  });
  const table = commandTable([...papers, sixth], async (method) =>
    method === "sixth" ? { verbs: [double] } : { verbs: [] },
  );
  expect(table.sixth!.summary).toBe("a made-up method");
  const verbs = (await table.sixth!.verbs()) as readonly Verb[];
  expect(verbs.map(({ name }) => name)).toEqual(["double"]);
  const command = await commandOf("sixth", table.sixth!.summary, verbs);
  expect(command.commands[0]!.helpInformation()).toMatch(/--number <n> +what to double/);
});

describe.each(papers.map((paper) => [paper.method, paper] as const))("the paper of %s", (method, paper) => {
  test("has its page, its panel and worker, and its assets", () => {
    expect(existsSync(`${content}${paper.key}/paper.json`)).toBe(true);
    expect(existsSync(`${site}src/web/panels/${method}.tsx`)).toBe(true);
    expect(existsSync(`${site}src/run/${method}.worker.ts`)).toBe(true);
    for (const { path, package: from, maxBytes } of paper.assets) {
      if (from) continue;
      const folder = `${content}${paper.key}/`;
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
        (file) => assetAt({ assets: [{ path, type: "", maxBytes }] }, file) !== undefined,
      );
      expect(files.length, `no file is ${path}`).toBeGreaterThan(0);
      for (const file of files) expect(readFileSync(folder + file).length).toBeLessThanOrEqual(maxBytes);
    }
  });
});
