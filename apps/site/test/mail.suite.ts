// Mails through a server, which is a small one of the test's own: sent, tried again, refused.
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { post } from "../src/server/people/accounts.ts";
import { MailDelivery, parseMailServer } from "../src/server/people/mail.ts";
import { administrator } from "./client.ts";
import type { Made } from "./people.suite.ts";

/** Speaks as much SMTP as a sender needs; keeps the mails. */
class FakeMailServer {
  readonly mails: string[] = [];
  /** Its answer to a recipient, if not 250. */
  refusal: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      let data: string[] | undefined;
      let rest = "";
      const answer = (line: string) => {
        if (data) {
          if (line !== ".") return void data.push(line);
          this.mails.push(data.join("\n"));
          data = undefined;
          return socket.write("250 taken\r\n");
        }
        if (/^DATA/i.test(line)) data = [];
        const refused = /^RCPT/i.test(line) ? this.refusal : undefined;
        socket.write(`${refused ?? (data ? "354 go on" : /^QUIT/i.test(line) ? "221 bye" : "250 fine")}\r\n`);
      };
      socket.write("220 test\r\n");
      socket.on("data", (chunk) => {
        const lines = (rest + chunk).split("\r\n");
        rest = lines.pop() ?? "";
        for (const line of lines) answer(line);
      });
    });
  }
  listen(port = 0): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(port, "127.0.0.1", () => resolve((this.#server.address() as { port: number }).port)),
    );
  }
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}

export function mailSuite(made: () => Made): void {
  describe("mail", () => {
    const open: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
      await made().db.deleteFrom("outbox").execute();
    });
    const deliver = (port: number) => {
      const log: string[] = [];
      const delivery = new MailDelivery(
        made().db,
        parseMailServer(`smtp://127.0.0.1:${port}`, "reprise@site.test"),
        (line) => void log.push(line),
      );
      open.push(delivery);
      return { delivery, log };
    };
    const outbox = () => made().db.selectFrom("outbox").selectAll().orderBy("id").execute();
    const mail = (recipient: string) => ({ recipient, subject: "Grüße", body: "Open https://reprise.test/x\n" });

    test("what waits is sent once, and its text is not kept", async () => {
      const { db } = made();
      await db.deleteFrom("outbox").execute();
      const server = new FakeMailServer();
      open.push(server);
      const { delivery, log } = deliver(await server.listen());
      await post(db, mail("one@people.test"));
      await db.insertInto("outbox").values(mail("old@people.test")).execute();
      await db
        .updateTable("outbox")
        .set({ created_at: new Date(Date.now() - 4 * 24 * 3600_000) })
        .where("recipient", "=", "old@people.test")
        .execute();
      expect([await delivery.send(), await delivery.send()]).toEqual([1, 0]);
      expect(log).toEqual([]);
      expect(server.mails).toHaveLength(1);
      expect(server.mails[0]).toMatch(/^From: reprise@site\.test\nTo: one@people\.test\nSubject: =\?UTF-8\?/m);
      expect(server.mails[0]).toContain("Open https://reprise.test/x");
      const [sent, old] = await outbox();
      expect(sent).toMatchObject({ body: "", tries: 1, sent_at: expect.any(Date) });
      expect(old).toMatchObject({ sent_at: null, tries: 0 });
    });

    test("while the server is down a mail waits, and goes out when it is back", async () => {
      const { db } = made();
      await db.deleteFrom("outbox").execute();
      const gone = new FakeMailServer();
      const port = await gone.listen();
      await gone.close();
      const { delivery, log } = deliver(port);
      await post(db, mail("two@people.test"));
      expect(await delivery.send()).toBe(0);
      expect(log.join()).toMatch(/^mail \d+ waits: .*ECONNREFUSED/);
      const [waiting] = await outbox();
      expect(waiting).toMatchObject({ sent_at: null, refused_at: null, tries: 1 });
      expect(waiting!.next_at.getTime() - Date.now()).toBeGreaterThan(20_000);
      const back = new FakeMailServer();
      open.push(back);
      await back.listen(port);
      expect(await delivery.send()).toBe(0); // not before its time
      await db
        .updateTable("outbox")
        .set({ next_at: new Date(0) })
        .execute();
      expect(await delivery.send()).toBe(1);
      expect(back.mails).toHaveLength(1);
    });

    test("what the server refuses for good is not tried again; for a while, it is; the log has no address", async () => {
      const { db } = made();
      await db.deleteFrom("outbox").execute();
      const server = new FakeMailServer();
      open.push(server);
      const { delivery, log } = deliver(await server.listen());
      await post(db, mail("three@people.test"));
      server.refusal = "451 <three@people.test> is busy";
      await delivery.send();
      expect((await outbox())[0]).toMatchObject({ refused_at: null, tries: 1 });
      await db
        .updateTable("outbox")
        .set({ next_at: new Date(0) })
        .execute();
      server.refusal = "550 <three@people.test> is nobody";
      await delivery.send();
      expect((await outbox())[0]).toMatchObject({ refused_at: expect.any(Date), body: "", tries: 2 });
      expect(log.join("\n")).toMatch(/waits: .*451.*\n.*is refused: .*550/);
      expect(log.join("\n")).not.toContain("three@");
    });

    test("a line end in a recipient or subject is refused before it is written", async () => {
      const { db } = made();
      await db.deleteFrom("outbox").execute();
      for (const more of [{ recipient: "a@b.test\r\nBcc: c@d.test" }, { subject: "x\nBcc: c@d.test" }])
        await expect(post(db, { ...mail("a@b.test"), ...more })).rejects.toThrow(
          "a mail's recipient and subject are one line each",
        );
      expect(await outbox()).toEqual([]);
      const server = new FakeMailServer();
      open.push(server);
      const { delivery } = deliver(await server.listen());
      await db
        .insertInto("outbox")
        .values({ ...mail("a@b.test"), subject: "x\r\nBcc: c@d.test" })
        .execute();
      await delivery.send();
      expect(server.mails.join()).not.toMatch(/^Bcc/m);
    });

    test("the administrators' page says that mails are sent, and what waits", async () => {
      const { db, make } = made();
      await db.updateTable("users").set({ role: "author" }).where("role", "=", "admin").execute();
      const app = await make({ sendsMail: true });
      const admin = await administrator(app, db, "postmaster");
      const { text } = await admin.get("/admin/outbox");
      expect(text).toContain("Mails go out through the configured server");
      expect(text).toContain(", waiting");
      expect(text).not.toMatch(/token=/); // with a server, nobody needs another's link
    });

    test.each([
      ["http://mail.test", "a@b.test", "the mail server is not understood: give smtp://user:password@host:port"],
      ["smtp://:secret", "a@b.test", "the mail server is not understood"],
      ["smtp://u:secret@mail.test", undefined, 'mails need a sender: "" is no address such as reprise@example.org'],
      ["smtp://mail.test", "a@b.test\nBcc: x@y.test", "mails need a sender"],
    ])("%j from %j is refused", (url, from, message) => {
      expect(() => parseMailServer(url, from)).toThrow(message);
      expect(() => parseMailServer(url, from)).not.toThrow("secret");
    });
  });
}
