// Whether there is a GPU to run on, asked without loading ONNX Runtime.

interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/** The GPU that the browser gives this page or worker; null where it has none or WebGPU is off. */
export async function webgpuAdapter(): Promise<object | null> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  return (await gpu?.requestAdapter()) ?? null;
}
