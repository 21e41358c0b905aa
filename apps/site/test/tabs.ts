// Chromium and Firefox by the same few calls, and what is wrong with a page in them at every size.
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { launchFirefox, noFirefox, type Tab, type TabBrowser } from "../../../tools/firefox.ts";
import { layoutFaults } from "./layout.ts";

/** Chromium by the same few calls. */
async function launchChromium(): Promise<TabBrowser> {
  const browser = await launchBrowser();
  return {
    async open() {
      const page = await browser.newPage();
      return {
        goto: async (url) => {
          await page.goto(url, { waitUntil: "load" });
        },
        resize: (width, height) => page.setViewportSize({ width, height }),
        evaluate: <Result>(expression: string) => page.evaluate<Result>(`(async () => await (${expression}))()`),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}

const sizes = [
  { width: 1280, text: 1 },
  { width: 1280, text: 2 },
  { width: 390, text: 1 },
  { width: 320, text: 1 },
] as const;

/** All that is wrong with the page as it stands, at every size. */
export async function faultsOf(tab: Tab): Promise<string[]> {
  const faults: string[] = [];
  for (const { width, text } of sizes) {
    await tab.resize(width, 900);
    await tab.evaluate(
      `document.documentElement.style.fontSize = ${text === 1 ? '""' : '"200%"'}, document.fonts.ready.then(() => 0)`,
    );
    await tab.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(0))))");
    const found = await tab.evaluate<string[]>(`(${layoutFaults})()`);
    faults.push(...found.map((fault) => `${width} px, text × ${text}: ${fault}`));
  }
  await tab.resize(1280, 900);
  await tab.evaluate('document.documentElement.style.fontSize = "", 0');
  return faults;
}

/** Waits in the page until an expression is true. */
export const until = (tab: Tab, condition: string) =>
  tab.evaluate<boolean>(
    `new Promise((done) => { const look = () => (${condition}) ? done(true) : setTimeout(look, 50); look(); })`,
  );
/** The browsers; `missing` says why one cannot run here. */
export const browsers = [
  { name: "Chromium", missing: noBrowser, launch: launchChromium },
  { name: "Firefox", missing: noFirefox, launch: launchFirefox },
];
