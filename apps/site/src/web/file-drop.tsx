// A place for one file: chosen, or dropped on it. By keyboard it is the file chooser it contains.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface FileDropProps {
  /** What it is called; seen by screen readers before its content. */
  readonly label: string;
  /** Endings and types, as `accept` of a file input. */
  readonly accept: string;
  readonly disabled: boolean;
  readonly chosen: boolean;
  /** Several may be chosen or dropped at once: `onFile` is called with each. */
  readonly multiple?: boolean;
  readonly onFile: (file: File) => void;
  readonly children: ComponentChildren;
}

export function FileDrop({ label, accept, disabled, chosen, multiple = false, onFile, children }: FileDropProps) {
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    for (const file of Array.from(files ?? []).slice(0, multiple ? undefined : 1)) onFile(file);
  };
  return (
    <label
      class={`file-drop${over ? " over" : ""}${chosen ? " chosen" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!disabled) take(event.dataTransfer?.files);
      }}
    >
      <input
        type="file"
        class="hidden"
        accept={accept}
        disabled={disabled}
        multiple={multiple}
        aria-label={label}
        onChange={({ currentTarget }) => {
          take(currentTarget.files);
          currentTarget.value = ""; // so that the same file can be chosen again
        }}
      />
      {children}
    </label>
  );
}
