import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** A recipient's page is its own small entry; the server maps /l to it in production, this does so in development. */
const recipientEntry: Plugin = {
  name: "recipient-entry",
  configureServer(server) {
    server.middlewares.use((request, _response, next) => {
      if (request.url === "/l" || request.url?.startsWith("/l?")) request.url = "/link.html";
      next();
    });
  },
};

const server = process.env.SAFELIGHT_DEV_SERVER ?? "http://localhost:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), recipientEntry],
  server: { proxy: { "/api": server, "/dicomweb": server } },
  worker: { format: "es" },
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the content policy allows no data: fonts
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: { index: `${import.meta.dirname}/index.html`, link: `${import.meta.dirname}/link.html` },
    },
  },
});
