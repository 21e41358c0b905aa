// The search field at the top: "/" goes to it, and papers that the words may mean are offered under it as one types.
// Without scripts it is a form that leads to the search page.

interface Suggestion {
  readonly bibtexKey: string;
  readonly title: string;
  readonly authors: readonly string[];
  readonly year: number;
  readonly path: string;
}

const pause = 120; // ms without a key before the server is asked

export function searchField(): void {
  const field = document.querySelector<HTMLInputElement>("#find");
  const form = field?.form;
  if (!field || !form) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  offer(field, form);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

function offer(field: HTMLInputElement, form: HTMLFormElement): void {
  const list = document.createElement("ul");
  list.id = "found";
  list.hidden = true;
  list.role = "listbox";
  list.ariaLabel = "Papers";
  form.append(list);
  field.role = "combobox";
  field.ariaAutoComplete = "list";
  field.ariaExpanded = "false";
  field.setAttribute("aria-controls", list.id);

  let asked: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout>;
  let chosen = -1;

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    chosen = -1;
    field.ariaExpanded = "false";
    field.removeAttribute("aria-activedescendant");
  };
  const choose = (index: number) => {
    const options = [...list.children];
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = options.length === 0 ? -1 : (index + options.length + 1) % (options.length + 1);
    if (chosen === options.length) chosen = -1; // back in the field
    const option = options[chosen];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };
  const show = (suggestions: readonly Suggestion[]) => {
    list.replaceChildren(...suggestions.map(optionOf));
    chosen = -1;
    list.hidden = suggestions.length === 0;
    field.ariaExpanded = String(suggestions.length > 0);
    field.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = await fetch(`/api/papers/suggest?q=${encodeURIComponent(field.value)}`, { signal });
      if (!answer.ok) return close(); // what was typed can still be searched for
      const { suggestions } = (await answer.json()) as { suggestions: Suggestion[] };
      if (!signal.aborted && document.activeElement === field) show(suggestions);
    } catch {
      if (!signal.aborted) close();
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    if (field.value.trim().length < 2) return close();
    timer = setTimeout(ask, pause);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // the field keeps its text the first time
      close();
    }
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (event.key === "ArrowDown") choose(chosen + 1);
      else choose(chosen === -1 ? list.childElementCount - 1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      (list.children[chosen] as HTMLElement | undefined)?.click();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", ({ target, ctrlKey, metaKey }) => {
    const path = (target as Element).closest<HTMLElement>("[role=option]")?.dataset.path;
    if (path === undefined) return;
    if (ctrlKey || metaKey) open(path);
    else location.assign(path);
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && form.contains(relatedTarget))) close();
  });
}

function optionOf({ title, authors, year, path }: Suggestion, i: number): HTMLElement {
  const option = document.createElement("li");
  option.id = `found-${i}`;
  option.role = "option";
  option.ariaSelected = "false";
  option.dataset.path = path;
  const by = document.createElement("span");
  by.textContent = `${authors.length > 2 ? `${authors[0]} and others` : authors.join(" and ")}, ${year}`;
  option.append(title, by);
  return option;
}
