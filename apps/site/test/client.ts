// A reader without scripts: follows no redirect by itself, keeps cookies, sends forms as a browser does.
import type { Hono } from "hono";
import type { Kysely } from "kysely";
import type { Tables } from "../src/server/database/schema.ts";
import { makeLink } from "../src/server/people/accounts.ts";
import { Passwords } from "../src/server/people/passwords.ts";

/** Quick to compute: for tests that are not about passwords. */
export const quickPasswords = () => new Passwords({ N: 16, r: 1, p: 1 });

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly to: string | null;
  readonly headers: Headers;
}

export class Client {
  readonly app: Hono;
  readonly cookies = new Map<string, string>();
  readonly address: string | undefined;

  constructor(app: Hono, { address }: { readonly address?: string } = {}) {
    this.app = app;
    this.address = address;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers });
  }

  /** Sends a form from one of the site's own pages. */
  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, {
      method: "POST",
      body: new URLSearchParams(form).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", ...headers },
    });
  }

  async send(
    path: string,
    { headers = {}, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> },
  ): Promise<Answer> {
    const Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const env = this.address ? { incoming: { socket: { remoteAddress: this.address } } } : undefined;
    const response = await this.app.request(
      path,
      { ...init, headers: { ...(Cookie ? { Cookie } : {}), ...headers } },
      env,
    );
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/Max-Age=0/.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return {
      status: response.status,
      text: await response.text(),
      to: response.headers.get("Location"),
      headers: response.headers,
    };
  }
}

const password = "four quiet words here";

/** Somebody new, signed in. */
export async function somebody(app: Hono, name: string): Promise<Client> {
  const client = new Client(app);
  const { status, text } = await client.post("/sign-up", { name, email: `${name}@people.test`, password });
  if (status !== 303) throw new Error(`sign-up of ${name} answers ${status}: ${text}`);
  return client;
}

/** The administrator, who came by the console's link. */
export async function administrator(app: Hono, db: Kysely<Tables>, name = "admin"): Promise<Client> {
  const client = new Client(app);
  const claim = await makeLink(db, "claim");
  const { status, text } = await client.post("/sign-up", { name, email: `${name}@people.test`, password, claim });
  if (status !== 303) throw new Error(`the claim answers ${status}: ${text}`);
  return client;
}

export { password };
