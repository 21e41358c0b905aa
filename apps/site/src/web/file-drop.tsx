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
  readonly onFile: (file: File) => void;
  readonly children: ComponentChildren;
}

export function FileDrop({ label, accept, disabled, chosen, onFile, children }: FileDropProps) {
  const [over, setOver] = useState(false);
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
        const file = event.dataTransfer?.files[0];
        if (file && !disabled) onFile(file);
      }}
    >
      <input
        type="file"
        class="hidden"
        accept={accept}
        disabled={disabled}
        aria-label={label}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          currentTarget.value = ""; // so that the same file can be chosen again
          if (file) onFile(file);
        }}
      />
      {children}
    </label>
  );
}
