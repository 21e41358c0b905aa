export { type Site, type SiteOptions, startSite } from "./server/main.ts";
