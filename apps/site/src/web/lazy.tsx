// A part of a panel whose code is fetched when it is first shown, so that readers who never see it never load it.
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The component that `load` resolves to; nothing until it is there. */
export function lazy<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | undefined;
  return function Lazy(props: Props) {
    const [, redraw] = useState(0);
    const [problem, setProblem] = useState<string>();
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => {
          loaded = component;
          redraw((n) => n + 1);
        },
        (error: Error) => setProblem(`A part of the page could not be loaded (${error.message}). Reload it.`),
      );
    }, []);
    if (problem) return <p role="alert">{problem}</p>;
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : null;
  };
}
