import { mkdir, readdir, readFile, rmdir } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { at, json, reprise, withModels } from "./adversarial-models.ts";

withModels();

describe("reprise adversarial transfer, bounds, masking", () => {
  it("transfer: each model's images fool it, less so the other; controls beside; four files", async () => {
    const out = at("transfer");
    const args = ["transfer", at("a.onnx"), at("b.onnx"), "--count", "8", "--target", "untargeted", "--amplify", "0.3"];
    const { columns, rows } = await json(...args, "--out", out);
    expect(columns).toEqual([at("a.onnx"), at("b.onnx")]);
    expect(rows).toHaveLength(1 + 2 * 2 + 3);
    const errorsOf = (name: string) =>
      rows.find((row: { name: string }) => row.name === name).errors.map(({ rate }: { rate: number }) => rate);
    const [own, other] = errorsOf(`made for ${at("a.onnx")}`);
    expect(own).toBe(1);
    expect(other).toBeLessThanOrEqual(1);
    expect(errorsOf(`made for ${at("b.onnx")}`)[1]).toBe(1);
    expect(errorsOf("Gaussian noise, σ = 0.06")[0]).toBeLessThan(1);
    expect((await readdir(out)).sort()).toEqual(
      ["csv", "json", "md", "png", "svg"].map((ending) => `transfer.${ending}`),
    );
    // Another attack's images, shown by --against: the rows of each ε, and of the smallest.
    const shown = async (attack: string, ...more: string[]) =>
      (
        await json(
          ...["attack", ...args.slice(1, 2), "--attack", attack, ...args.slice(3, 7)],
          "--against",
          at("b.onnx"),
          ...more,
        )
      ).transfer;
    const fgsm = await shown("fgsm", "--epsilons", "0.01,0.5");
    expect(fgsm.columns).toEqual(columns);
    expect(fgsm.rows.map(({ name }: { name: string }) => name)).toEqual([
      "clean images",
      `made for ${at("a.onnx")}, ε = 0.01`,
      `made for ${at("a.onnx")}, ε = 0.5`,
      "Gaussian noise, σ = 0.1",
    ]);
    expect(fgsm.rows[2].errors[0].rate).toBe(1);
    const nearest = await shown("deepfool", "--out", at("shown"));
    expect(nearest.rows.map(({ name }: { name: string }) => name).slice(1, 3)).toEqual([
      `made for ${at("a.onnx")}`,
      "the same, amplified to 0.1",
    ]);
    expect(await readFile(at("shown/transfer.csv"), "utf8")).toContain('"Gaussian noise, σ = 0.1",');
    await expect(reprise("transfer", at("a.onnx"), at("colour.onnx"))).rejects.toThrow(
      /colour\.onnx: takes \[3, 12, 12\] and gives 10 scores; .*a\.onnx takes \[1, 28, 28\]/,
    );
  });

  it("bounds and masking", async () => {
    const files = async (out: string) => (await readdir(out)).sort();
    const bounds = await json("bounds", at("a.onnx"), "--out", at("bounds"));
    expect(bounds.layers).toHaveLength(1);
    expect(bounds.layers[0]).toMatchObject({ op: "MatMul", weight: [784, 10] });
    expect(bounds.layers[0].lower).toBeLessThan(bounds.layers[0].bound);
    expect(await files(at("bounds"))).toEqual(["bounds.csv", "bounds.json", "bounds.md"]);
    expect(await reprise("bounds", at("a.onnx"))).toMatch(
      /^layer +operator +weight +stride +at least +at most\n.*\n\S+ +MatMul +784 × 10 +1 +(\d\.\d{4}) +\1\n/,
    );
    expect(bounds.product).toBe(bounds.layers[0].bound);
    expect(bounds.chain).toBe(true);
    const { checks } = await json(
      "masking",
      at("a.onnx"),
      "--count",
      "4",
      "--queries",
      "10",
      "--epsilon",
      "0.3",
      "--out",
      at("masking"),
    );
    expect(await files(at("masking"))).toEqual(["masking.csv", "masking.json", "masking.md"]);
    expect((await readFile(at("masking/masking.md"), "utf8")).split("\n")[2]).toBe(
      "| gradients are not zero | passed | 0 of 4 images have a gradient of zeros |",
    );
    expect(checks).toHaveLength(5);
    expect(checks[0].verdict).toBe("passed");
  });

  it.each([
    ["transfer", "rows", ["transfer", "a.onnx", "b.onnx", "--count", "60", "--target", "random"]],
    ["masking", "checks", ["masking", "a.onnx", "--count", "60", "--queries", "60", "--epsilon", "0.05"]],
  ])(
    "%s: Ctrl-C keeps what was found, and the same command ends where an uninterrupted run ends",
    async (verb, part, args) => {
      const own = args.map((arg) => (arg.endsWith(".onnx") ? at(arg) : arg));
      const whole = await json(...own);
      const out = at(`cut-${verb}`);
      const stopped = reprise(...own, "--out", out).then(
        () => "it was not stopped",
        (error: Error) => error.message,
      );
      const partial = async () =>
        (await readdir(`${out}/partial`).catch(() => [])).filter((name) => name.endsWith(".bin"));
      while ((await partial()).length === 0) await setTimeout(2); // the first results are written at once
      process.emit("SIGINT");
      expect(await stopped).toBe(
        `interrupted. What was found so far is in ${out}/partial; the same command goes on from there.`,
      );
      expect(await readdir(out)).toEqual(["partial"]);
      await expect(reprise(...own, "--seed", "1", "--out", out)).rejects.toThrow(
        "holds a part of another run: seed is 0 there and 1 here",
      );
      const said = await standardError(async () =>
        expect((await json(...own, "--out", out))[part]).toEqual(whole[part]),
      );
      expect(said).toMatch(/^(1 result is|[1-9]\d* results are) known from the run before; going on\.\n/);
      expect(await readdir(out)).not.toContain("partial");
    },
  );

  it("bounds: layers are kept until the report is written", async () => {
    const out = at("cut-bounds");
    await mkdir(`${out}/bounds.json/in-the-way`, { recursive: true });
    await expect(reprise("bounds", at("a.onnx"), "--out", out)).rejects.toThrow("bounds.json");
    expect(await readdir(out)).toContain("partial");
    await rmdir(`${out}/bounds.json/in-the-way`);
    await rmdir(`${out}/bounds.json`);
    const said = await standardError(() => reprise("bounds", at("a.onnx"), "--out", out));
    expect(said).toBe("1 result is known from the run before; going on.\n");
    expect((await readdir(out)).sort()).toEqual(["bounds.csv", "bounds.json", "bounds.md"]);
  });
});

/** What is written on stderr meanwhile. */
async function standardError(work: () => Promise<unknown>): Promise<string> {
  const spy = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await work();
    return spy.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    spy.mockRestore();
  }
}
