/** Bytes of ONNX Runtime's WASM as it is, and as it is sent: in brotli. A test compares them with the file. */
export const runtimeBytes = { whole: 14_240_000, sent: 2_750_000 } as const;
