// sharp is loaded when the first picture is read or written: who reads arrays and data sets only need not have it.
import type Sharp from "sharp";

let loaded: Promise<typeof Sharp> | undefined;

/** @throws Error that says how to install it, if it is not there or does not run on this machine */
export function loadSharp(): Promise<typeof Sharp> {
  loaded ??= import("sharp").then(
    (module) => module.default,
    (cause: Error) => {
      loaded = undefined;
      const missing = (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
      throw new Error(
        missing
          ? "pictures are read and written with sharp, which is not installed: npm install sharp"
          : `sharp, which reads and writes pictures, could not be loaded: ${cause.message.split("\n", 1)[0]}`,
        { cause },
      );
    },
  );
  return loaded;
}
