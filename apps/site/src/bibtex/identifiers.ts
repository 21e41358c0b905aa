// DOIs and arXiv ids, however they are written: bare, with a prefix, or as an address. Found without any network.

// Of each, the beginning is fixed and the rest is one class of characters: linear in the text.
const doi = /\b10\.\d{4,9}\/[^\s"<>{}|\\^`]{1,200}/;
const newArxiv = /(?:^|[^\d.])(\d{4}\.\d{4,5})(?:v\d{1,3})?(?![\d.]*\d)/;
const oldArxiv = /(?:^|[^a-z-])([a-z]{2,10}(?:-[a-z]{2,10})?(?:\.[A-Z]{2})?\/\d{7})(?:v\d{1,3})?(?!\d)/;

/** In small letters, which is how DOIs are compared. */
export function doiIn(text: string): string | undefined {
  return doi
    .exec(text)?.[0]
    .replace(/[.,;:)\]]+$/, "")
    .toLowerCase();
}

/** Without its version: 1312.6199, or hep-th/9901001 of the years before 2007. */
export function arxivIdIn(text: string): string | undefined {
  return newArxiv.exec(text)?.[1] ?? oldArxiv.exec(text)?.[1];
}

/** What a text as a whole names: a paper's DOI or arXiv id. */
export function identifierIn(text: string): { readonly doi: string } | { readonly arxivId: string } | undefined {
  const bare = text.trim().replace(/^(?:https?:\/\/)?(?:www\.)?/i, "");
  const arxiv =
    /^(?:arxiv\.org\/(?:abs|pdf|html)\/|arxiv:\s*|doi\.org\/10\.48550\/arxiv\.|10\.48550\/arxiv\.)?(.{1,40}?)(?:\.pdf)?$/i.exec(
      bare,
    )?.[1];
  if (arxiv && /^(?:\d{4}\.\d{4,5}|[a-z]{2,10}(?:-[a-z]{2,10})?(?:\.[A-Z]{2})?\/\d{7})(?:v\d{1,3})?$/.test(arxiv))
    return { arxivId: arxiv.replace(/v\d{1,3}$/, "") };
  const rest = bare.replace(/^(?:dx\.)?doi\.org\/|^doi:\s*/i, "");
  return /^10\.\d{4,9}\/\S{1,200}$/.test(rest) ? { doi: rest.toLowerCase() } : undefined;
}
