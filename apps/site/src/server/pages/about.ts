// The about page: what this is, what its numbers mean, what it does with readers' data.
import { html } from "hono/html";
import { type Frame, page } from "./layout.ts";

/** Plain statements of what is true of this server today. */
export function aboutPage(frame: Frame): Promise<string> {
  return page(
    frame,
    {
      title: "About",
      description: "What Reprise is, what its numbers mean, and what it does with what you try.",
      path: "/about",
    },
    html`<div class="prose">
<h1>About Reprise</h1>
<p>A summary tells you what a paper does; running it tells you whether you understood. Reprise puts both on one page. Each paper has a summary written for people who want to use the idea, and, where the method is small enough for a browser, a panel that runs it on your own input.</p>
<h2>What the numbers mean</h2>
<p><strong>Claimed</strong> is what the paper prints, with the table or page it stands on. <strong>Reproduced</strong> is what this code measured, stored with the command, the seed, a hash of the data, the version, the machine and the time it took. The two never share a column, and a number that nobody has measured yet says so.</p>
<h2>What happens to what you try</h2>
<p>A method runs in a worker of your own browser. Your image, text or model does not leave it, and these pages load nothing from other sites: no fonts, no counters, no scripts. The settings of a run stand in the address, so that you can send it to somebody.</p>
<h2>What is kept of you</h2>
<p>Without an account, nothing: no cookie, no address. An account is a name, which all see, an e-mail address, which only administrators see, and a password, which nobody does; one cookie keeps you signed in. A summary can be private, for whoever has its link, or anonymous: no page, list or search then tells who wrote it, to moderators neither. You can take out everything that you wrote as a file, and delete the account with it.</p>
<h2>Your own copy</h2>
<p>The whole site is one command, <code>npm start</code>, with its database inside; <code>DATABASE_URL</code> puts it on PostgreSQL. The built-in database survives a crash of the program, but not a loss of power: for that, use PostgreSQL.</p>
<h2>Rights</h2>
<p>The summaries are under <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>, the code under the Apache License 2.0. Text is set in Source Serif 4, under the SIL Open Font License. The papers belong to their authors.</p>
</div>`,
  );
}
