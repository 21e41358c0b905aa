// Parts of forms: fields with their labels, hints and problems. They work without scripts.
import { html } from "hono/html";
import type { FormState } from "../forms.ts";
import type { Html } from "./layout.ts";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "url" | "number";
  /** What stands in it before anything is typed. */
  readonly value?: string;
  readonly hint?: string | Html;
  readonly autocomplete?: string;
  readonly optional?: boolean;
  readonly most?: number;
}

/** One line of text. */
export function field(
  form: FormState,
  { name, label, type = "text", value, hint, autocomplete, ...rest }: Field,
): Html {
  const { optional = false, most } = rest;
  const problem = form.problems[name];
  const shown = type === "password" ? "" : (form.given[name] ?? value ?? "");
  const described = [hint ? `${name}-hint` : "", problem ? `${name}-problem` : ""].filter(Boolean).join(" ");
  return html`<div class="field">
<label for="${name}">${label}${optional ? html` <span class="soft">(may be left out)</span>` : ""}</label>
<input id="${name}" name="${name}" type="${type}" value="${shown}"${attribute("autocomplete", autocomplete)}${attribute("maxlength", most)}${attribute("aria-describedby", described || undefined)}${optional ? "" : html` required`}${problem ? html` aria-invalid="true"` : ""}>
${hint ? html`<p class="small" id="${name}-hint">${hint}</p>` : ""}${problemOf(form, name)}
</div>`;
}

export interface TextField {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly rows: number;
  readonly hint?: string | Html;
  readonly most?: number;
  readonly optional?: boolean;
}

/** Several lines of text. */
export function textField(
  form: FormState,
  { name, label, value, rows, hint, most, optional = false }: TextField,
): Html {
  const problem = form.problems[name];
  const described = [hint ? `${name}-hint` : "", problem ? `${name}-problem` : ""].filter(Boolean).join(" ");
  // A line end right behind the tag is not part of the text: one more keeps a text that begins with one.
  return html`<div class="field">
<label for="${name}">${label}</label>
<textarea id="${name}" name="${name}" rows="${rows}"${attribute("maxlength", most)}${attribute("aria-describedby", described || undefined)}${optional ? "" : html` required`}${problem ? html` aria-invalid="true"` : ""}>
${form.given[name] ?? value ?? ""}</textarea>
${hint ? html`<p class="small" id="${name}-hint">${hint}</p>` : ""}${problemOf(form, name)}
</div>`;
}

export function selectField(
  form: FormState,
  {
    name,
    label,
    options,
    value,
  }: {
    readonly name: string;
    readonly label: string;
    readonly options: Readonly<Record<string, string>>;
    readonly value?: string;
  },
): Html {
  const chosen = form.given[name] ?? value;
  return html`<div class="field">
<label for="${name}">${label}</label>
<select id="${name}" name="${name}">${Object.entries(options).map(
    ([key, text]) => html`<option value="${key}"${key === chosen ? html` selected` : ""}>${text}</option>`,
  )}</select>${problemOf(form, name)}
</div>`;
}

export function checkbox(
  form: FormState,
  {
    name,
    label,
    checked = false,
    required = false,
  }: { readonly name: string; readonly label: string | Html; readonly checked?: boolean; readonly required?: boolean },
): Html {
  const problem = form.problems[name];
  const on = Object.keys(form.given).length > 0 ? form.given[name] === "yes" : checked;
  return html`<div class="check"><input id="${name}" name="${name}" type="checkbox" value="yes"${on ? html` checked` : ""}${required ? html` required` : ""}${problem ? html` aria-invalid="true" aria-describedby="${name}-problem"` : ""}>
<label for="${name}">${label}</label>${problemOf(form, name)}</div>`;
}

/** What is wrong with the form as a whole. */
export function formProblem({ problems }: FormState): Html | "" {
  return problems[""] ? html`<p class="problem" role="alert">${problems[""]}</p>` : "";
}

export function submit(label: string): Html {
  return html`<p class="actions"><button class="primary" type="submit">${label}</button></p>`;
}

function problemOf({ problems }: FormState, name: string): Html | "" {
  return problems[name] ? html`<p class="problem" id="${name}-problem" role="alert">${problems[name]}</p>` : "";
}

function attribute(name: string, value: string | number | undefined): Html | "" {
  return value === undefined ? "" : html` ${name}="${String(value)}"`;
}
