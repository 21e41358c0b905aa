// The editing page with scripts: the text as it will be, from the same renderer, and drafts that are not lost.

/** How long after the last key something happens, in milliseconds. */
const pause = { preview: 400, draft: 2000 };

export function summaryEditor(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-editor]");
  if (form) edit(form);
}

function edit(form: HTMLFormElement): void {
  const source = form.elements.namedItem("source") as HTMLTextAreaElement;
  const shown = form.querySelector<HTMLElement>("[data-preview]")!;
  const kept = form.querySelector<HTMLElement>("[data-kept]")!;
  const fieldValue = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value;
  const name = `draft ${fieldValue("bibtexKey")}`;
  let previewTimer = 0;
  let draftTimer = 0;
  let asked = 0;

  // A text that the server never got: the connection was lost, or the browser closed.
  const lost = stored(name);
  if (lost !== null && lost !== source.value && lost.trim() !== "") {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Take back the text that was not sent";
    button.addEventListener("click", () => {
      source.value = lost;
      source.dispatchEvent(new Event("input"));
      button.remove();
    });
    kept.before(button);
  }

  source.addEventListener("input", () => {
    store(name, source.value);
    clearTimeout(previewTimer);
    clearTimeout(draftTimer);
    previewTimer = window.setTimeout(preview, pause.preview);
    draftTimer = window.setTimeout(keep, pause.draft);
  });

  async function preview(): Promise<void> {
    const number = ++asked;
    if (source.value.trim() === "") return;
    const answer = await send("/write/preview", { source: source.value });
    if (number !== asked) return; // a later one is on its way
    if (answer?.html !== undefined) shown.innerHTML = answer.html;
    else if (answer?.error) shown.textContent = answer.error;
  }

  async function keep(): Promise<void> {
    if (source.value.trim() === "") return;
    const text = source.value;
    const draft = { bibtexKey: fieldValue("bibtexKey"), version: fieldValue("version"), source: text };
    const answer = await send("/write/draft", draft);
    if (answer?.kept) {
      kept.textContent = "Draft kept.";
      if (source.value === text) store(name, null);
    } else kept.textContent = answer?.error ?? "No connection: the text is kept in this browser.";
  }
}

interface Answer {
  readonly html?: string;
  readonly kept?: boolean;
  readonly error?: string;
}

async function send(path: string, values: Record<string, string>): Promise<Answer | undefined> {
  try {
    const response = await fetch(path, { method: "POST", body: new URLSearchParams(values) });
    return response.headers.get("Content-Type")?.startsWith("application/json")
      ? ((await response.json()) as Answer)
      : { error: await response.text() };
  } catch {
    return undefined; // no connection
  }
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage forbidden
  }
}

function store(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    // storage forbidden or full: the server's draft remains
  }
}
