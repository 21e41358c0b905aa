export { type Database, openDatabase } from "./server/database/open.ts";
export { type Site, type SiteOptions, startSite } from "./server/main.ts";
export { parseOrigin } from "./server/origin.ts";
export { Renderer } from "./server/renderer.ts";
export { backupSite, restoreSite, type TransferProgress } from "./server/transfer/backup.ts";
export { exportSite } from "./server/transfer/export.ts";
export { importSite } from "./server/transfer/import.ts";
