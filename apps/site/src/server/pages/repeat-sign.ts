// The sign of the house: the repeat sign of a score, "play this part again".
import { html } from "hono/html";

/** The sign as an image that assistive technology skips; it takes the colour of the text around it. */
export const repeatSign = html`<svg viewBox="0 0 22 26" aria-hidden="true" focusable="false"><path fill="currentColor" d="M16 0h6v26h-6zM11 0h2v26h-2z"/><circle fill="currentColor" cx="4.5" cy="8.5" r="3"/><circle fill="currentColor" cx="4.5" cy="17.5" r="3"/></svg>`;
