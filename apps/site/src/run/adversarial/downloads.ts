/** Bytes of all shipped networks as they are sent; a test compares them with the files. */
export const modelBytes = 1_400_000;
