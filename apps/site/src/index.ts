export { type Site, type SiteOptions, startSite } from "./server/main.ts";
export { parseOrigin } from "./server/origin.ts";
