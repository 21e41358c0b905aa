/**
 * Lets signals, messages and timers in during long work. A timer of 0 ms takes 1 ms on Node and 4 in browsers, which training
 * would lose every 50 ms.
 */
export const pause: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(undefined);
        });
