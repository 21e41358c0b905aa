// What a search leaves: the list of flips, and the file with the flips in it.
import { useEffect, useState } from "preact/hooks";
import type { FlipsResult } from "../../../run/bit-flip/flips.ts";

export function Downloads({ result, name }: { readonly result: FlipsResult; readonly name: string }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([result.patched], { type: "application/octet-stream" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [result]);
  const { network, before, flips, seconds } = result;
  const list = JSON.stringify({ model: network, bits: 8, before, flips, seconds }, null, 2);
  return (
    <p class="downloads">
      <a href={`data:application/json,${encodeURIComponent(list)}`} download={`${name}-flips.json`}>
        The flips (JSON)
      </a>
      <a href={address} download={`${name}-flipped.onnx`}>
        The network with these bits flipped (ONNX)
      </a>
    </p>
  );
}
