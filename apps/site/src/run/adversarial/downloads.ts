// What runs of the panel download, in bytes; a test compares it with the files.

/** ONNX Runtime's WASM as it is, and as it is sent: in brotli. */
export const runtimeBytes = { whole: 14_240_000, sent: 2_750_000 } as const;

/** All shipped networks; they hardly get smaller. */
export const modelBytes = 1_400_000;
