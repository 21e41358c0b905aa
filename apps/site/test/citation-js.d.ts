declare module "@citation-js/core" {
  export const plugins: { readonly input: { chain(data: string, options: { forceType?: string }): unknown } };
}
declare module "@citation-js/plugin-ris";
