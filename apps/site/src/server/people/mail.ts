// Sends what waits in the outbox through the configured mail server, and tries again while that is down.
import { type Kysely, sql } from "kysely";
import { createTransport, type Transporter } from "nodemailer";
import type { Tables } from "../database/schema.ts";

export interface MailServer {
  /** smtp://user:password@host:port, or smtps:// */
  readonly url: string;
  /** Whom the mails are from. */
  readonly from: string;
}

/** @throws Error, without the password, where it is not the address of a mail server and of a sender */
export function parseMailServer(url: string, from: string | undefined): MailServer {
  const parsed = URL.parse(url);
  if (!parsed || !/^smtps?:$/.test(parsed.protocol) || !parsed.hostname)
    throw new Error("the mail server is not understood: give smtp://user:password@host:port, or smtps://…");
  if (!from || !/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(from))
    throw new Error(`mails need a sender: "${from ?? ""}" is no address such as reprise@example.org`);
  return { url, from };
}

const every = 5_000; // milliseconds between two looks
const atOnce = 20;
const timeout = 20_000;
/** Seconds until a mail is tried again: 30 s, doubled each time up to six hours. */
const pause = sql<Date>`now() + least(30 * 2 ^ least(tries, 12), 21600) * interval '1 second'`;

/** Looks for waiting mails now and then; `close` ends it after the mails under way. */
export class MailDelivery {
  readonly #db: Kysely<Tables>;
  readonly #transport: Transporter;
  readonly #from: string;
  readonly #log: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<number> | undefined;

  constructor(db: Kysely<Tables>, { url, from }: MailServer, log: (line: string) => void) {
    const { protocol, hostname, port, username, password } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const secure = protocol === "smtps:";
    const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);
    this.#db = db;
    this.#from = from;
    this.#log = log;
    this.#transport = createTransport({
      ...{ host, port: Number(port) || (secure ? 465 : 587), secure },
      ...(username ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
      requireTLS: username !== "" && !secure && !isHere, // a password crosses no network in the clear
      ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout },
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
    this.#timer = setInterval(() => void this.send(), every).unref();
  }

  /** Sends what is due; how many went out. */
  send(): Promise<number> {
    this.#running ??= this.#sendDue()
      .catch((error: Error) => {
        this.#log(`mails wait: ${oneLine(error)}`);
        return 0;
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    this.#transport.close();
  }

  async #sendDue(): Promise<number> {
    let sent = 0;
    for (const mail of await this.#take())
      try {
        await this.#transport.sendMail({
          ...{ from: this.#from, to: { name: "", address: mail.recipient } },
          ...{ subject: mail.subject, text: mail.body },
          headers: { "Auto-Submitted": "auto-generated" },
        });
        // What was sent may hold a link that opens an account: nobody needs it here any more.
        await this.#update(mail.id, { sent_at: new Date(), body: "" });
        sent++;
      } catch (error) {
        const { responseCode = 0, code } = error as { responseCode?: number; code?: string };
        this.#log(`mail ${mail.id} ${responseCode >= 500 ? "is refused" : "waits"}: ${oneLine(error as Error)}`);
        if (responseCode >= 500 && code !== "EAUTH") await this.#update(mail.id, { refused_at: new Date(), body: "" });
      }
    return sent;
  }

  /** Of several servers on one database, one gets each mail. After three days its link is dead, and it is left. */
  async #take() {
    const { rows } = await sql<{ id: number; recipient: string; subject: string; body: string }>`
      update outbox set tries = tries + 1, next_at = ${pause} where id in (
        select id from outbox where sent_at is null and refused_at is null and next_at <= now()
          and created_at > now() - interval '3 days' order by id limit ${atOnce} for update skip locked)
      returning id, recipient, subject, body`.execute(this.#db);
    return rows;
  }

  async #update(id: number, set: { sent_at?: Date; refused_at?: Date; body: string }): Promise<void> {
    await this.#db.updateTable("outbox").set(set).where("id", "=", id).execute();
  }
}

/** Without addresses, which servers repeat. */
function oneLine({ message }: Error): string {
  return message
    .replace(/\s+/g, " ")
    .replace(/<?[^\s<>@]{1,64}@[^\s<>@]{1,255}>?/g, "<…>")
    .slice(0, 200);
}
