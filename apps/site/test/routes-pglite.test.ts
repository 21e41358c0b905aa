import { routesSuite } from "./routes.suite.ts";

routesSuite(async () => ({ directory: null }));
