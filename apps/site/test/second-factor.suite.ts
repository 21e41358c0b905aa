// The second factor: codes as the standard has them, asked for at every sign-in, worth nothing twice.
import { describe, expect, test } from "vitest";
import { codeOf, fromBase32, toBase32 } from "../src/server/people/second-factor.ts";
import { Client, password, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";

const now = () => Math.floor(Date.now() / 30_000);

export function secondFactorSuite(made: () => Made): void {
  describe("second factor", () => {
    test("codes are RFC 6238's, keys RFC 4648's", () => {
      const secret = Buffer.from("12345678901234567890");
      const seconds = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000];
      expect(seconds.map((time) => codeOf(secret, Math.floor(time / 30)))).toEqual([
        ...["287082", "081804", "050471", "005924", "279037", "353130"],
      ]);
      expect(toBase32(Buffer.from("foobar"))).toBe("MZXW6YTBOI");
      expect(Buffer.from(fromBase32("MZXW6YTBOI")).toString()).toBe("foobar");
    });

    test("asked for after the password; a code works once, a recovery code too; a code turns it off", async () => {
      const { app, db } = made();
      const client = await somebody(app, "careful");
      const elsewhere = new Client(app);
      await elsewhere.post("/sign-in", { login: "careful", password });
      const key = /<code>([A-Z2-7 ]{39})<\/code>/.exec((await client.get("/account/second")).text)?.[1] ?? "";
      const secret = fromBase32(key.replaceAll(" ", ""));
      expect((await client.post("/account/second", { code: "abc" })).text).toContain("This is not the code now");
      expect((await new Client(app).post("/sign-in", { login: "careful", password })).status).toBe(303); // not yet on
      const { text } = await client.post("/account/second", { code: codeOf(secret, now() - 1) });
      const codes = [...text.matchAll(/<code>([a-z2-7]{16})<\/code>/g)].map(([, code = ""]) => code);
      expect(codes).toHaveLength(10);
      expect((await elsewhere.get("/account")).status).toBe(303);
      expect((await client.get("/account/second")).text).not.toContain(key);

      const begin = async () => {
        const visitor = new Client(app);
        const step = await visitor.post("/sign-in", { login: "careful", password, next: "/about" });
        expect([step.status, visitor.cookies.size]).toEqual([200, 0]);
        const token = /name="token" value="([\w-]+)"/.exec(step.text)?.[1] ?? "";
        return { visitor, enter: (code: string) => visitor.post("/sign-in/second", { token, code, next: "/about" }) };
      };
      const first = await begin();
      expect((await first.enter(codeOf(secret, now() + 5))).status).toBe(422);
      const right = codeOf(secret, now());
      expect(await first.enter(right)).toMatchObject({ status: 303, to: "/about" });
      expect((await first.visitor.get("/account")).status).toBe(200);
      expect((await first.enter(codes[0]!)).status).toBe(410); // the sign-in is over
      const second = await begin();
      expect((await second.enter(right)).status).toBe(422); // used already
      expect((await second.enter(codes[1]!)).status).toBe(303);
      expect((await (await begin()).enter(codes[1]!)).status).toBe(422);
      expect((await new Client(app).post("/sign-in/second", { token: "made-up", code: codes[2]! })).status).toBe(410);

      const stored = JSON.stringify(await db.selectFrom("recovery_codes").selectAll().execute());
      expect(stored).not.toContain(codes[3]);
      expect((await client.get("/account/export")).text).not.toContain(key.replaceAll(" ", ""));
      expect((await client.post("/account/second", { code: codes[3]! })).to).toBe("/account?done=second");
      expect((await new Client(app).post("/sign-in", { login: "careful", password })).status).toBe(303);
    });

    test("of two who send one code at once, one gets in; tries are counted by account", async () => {
      const { app } = made();
      const client = await somebody(app, "raced");
      const key = /<code>([A-Z2-7 ]{39})<\/code>/.exec((await client.get("/account/second")).text)?.[1] ?? "";
      const { text } = await client.post("/account/second", {
        code: codeOf(fromBase32(key.replaceAll(" ", "")), now()),
      });
      const code = /<code>([a-z2-7]{16})<\/code>/.exec(text)?.[1] ?? "";
      const begin = async () =>
        /name="token" value="([\w-]+)"/.exec(
          (await new Client(app).post("/sign-in", { login: "raced", password })).text,
        )?.[1] ?? "";
      const tokens = [await begin(), await begin()];
      const answers = await Promise.all(
        tokens.map((token) => new Client(app).post("/sign-in/second", { token, code })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
      const token = await begin();
      const tries: number[] = [];
      for (let i = 0; i < 9; i++)
        tries.push((await new Client(app).post("/sign-in/second", { token, code: "zzzz" })).status);
      expect(tries.slice(0, 6)).toEqual([422, 422, 422, 422, 422, 422]);
      expect(tries.at(-1)).toBe(429);
    });
  });
}
