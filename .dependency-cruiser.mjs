// The walls of docs/architecture.md. scripts/walls.test.ts plants a violation of each and expects it to be found.
const LAYERS = ["kit", "trust", "standards", "phantoms", "contract", "platform", "gateway", "features", "programs"];
const FEATURES = ["keys", "audit", "people", "consent", "sharing", "studies", "reports", "exports", "compliance"];

const upward = (names, base) =>
  names.slice(0, -1).map((name, at) => ({
    name: `${name} imports nothing above it`,
    severity: "error",
    from: { path: `^${base}/${name}/` },
    to: { path: `^${base}/(${names.slice(at + 1).join("|")})/` },
  }));

export default {
  forbidden: [
    ...upward(LAYERS, "src"),
    ...upward(FEATURES, "src/features"),
    { name: "standards do not know trust", severity: "error", from: { path: "^src/standards/" }, to: { path: "^src/trust/" } },
    { name: "phantoms know kit and standards only", severity: "error", from: { path: "^src/phantoms/" }, to: { path: "^src/(trust|contract|platform|gateway|features|programs)/" } },
    { name: "the page sees kit, standards and contract only", severity: "error", from: { path: "^web/src/" }, to: { path: "^src/(trust|phantoms|platform|gateway|features|programs)/" } },
    { name: "the page loads nothing of Node", severity: "error", from: { path: "^web/src/", pathNot: "\\.test\\.ts$" }, to: { dependencyTypes: ["core"] } },
    { name: "one door to Cornerstone", severity: "error", from: { path: "^web/src/", pathNot: "^web/src/viewer/engine/" }, to: { path: "@cornerstonejs" } },
    { name: "rules are pure", severity: "error", from: { path: "^src/features/.+/(rules|[a-z]+-rules)\\.ts$" }, to: { path: "^src/(platform|programs)/|/(actions|queries)\\.ts$" } },
    { name: "trust has no network and no database", severity: "error", from: { path: "^src/trust/", pathNot: "\\.test\\.ts$" }, to: { path: "^(pg|kysely|fastify|node:)?(net|http|https|tls|dgram|pg|kysely)$" } },
    { name: "production code does not import tests", severity: "error", from: { path: "^(src|web/src|bin)/", pathNot: "\\.test\\.tsx?$" }, to: { path: "^(test|bench|scripts)/|\\.test\\.tsx?$" } },
    { name: "no circles", severity: "error", from: {}, to: { circular: true } },
    { name: "everything resolves", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "\\.css$|\\?url$|^virtual:" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.scratch)/" },
    parser: "swc",
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"], extensions: [".ts", ".tsx", ".js", ".mjs", ".json"] },
    moduleSystems: ["es6"],
  },
};
