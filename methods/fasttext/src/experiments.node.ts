// The texts of the tables on Node.
import { DataError } from "@reprise/data";
import type { Data, NodeExperiments } from "@reprise/experiment";
import { pathOf, type ReadTexts, readTexts } from "./experiments/texts.node.ts";
import { type DataSet, dataSets, type Texts, experiments as tables } from "./experiments.ts";

export const experiments: NodeExperiments = {
  ...tables,
  async open({ folder, content, parts, settings, signal, onProgress }) {
    // Sets are hashed one after the other and the last is kept: the largest are gigabytes.
    let kept: { readonly place: string; readonly texts: ReadTexts } | undefined;
    const read = async ({ name, kind, place }: DataSet, path: string): Promise<ReadTexts> => {
      if (kept?.place === place) return kept.texts;
      kept = undefined;
      const tell = (text: string) => {
        signal?.throwIfAborted();
        onProgress?.({ done: 0, total: null, text: `${name}: ${text}` });
      };
      tell("reading");
      kept = { place, texts: await readTexts(kind, path, (some) => tell(`${some} read`)) };
      return kept.texts;
    };
    const found = new Map<string, Data<Texts>>();
    const missing: DataSet[] = [];
    for (const set of dataSets(parts)) {
      const path = pathOf(set, { folder, content });
      if (path === undefined) {
        missing.push(set);
        continue;
      }
      const { train, sha256 } = await read(set, path);
      const load = async () => {
        const texts = await read(set, path);
        if (texts.sha256 !== sha256) throw new DataError(path, "has changed since the run began; start it again.");
        return texts;
      };
      found.set(set.place, { name: set.name, sha256, count: train.length, load });
    }
    return {
      settings,
      data: (name) => found.get(name),
      missing,
      lanes: [null],
      release: async () => {},
    };
  },
};
