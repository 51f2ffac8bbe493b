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

/** What Cornerstone's text boxes write as a style attribute, which our content policy forbids, they set through the object model, which it allows. */
const STYLED = {
  file: /\/@cornerstonejs\/tools\/.*\/drawTextBox\.js$/,
  from: "textElement.setAttribute('style', combinedStyle)",
};
const textBoxStyles: Plugin = {
  name: "text-box-styles",
  apply: "build",
  transform(code, id) {
    if (!STYLED.file.test(id)) return undefined;
    if (!code.includes(STYLED.from)) this.error(`${id} is not what it was: look how its text boxes are styled now.`);
    return { code: code.replace(STYLED.from, "textElement.style.cssText = combinedStyle"), map: null };
  },
};

const server = process.env.VITE_SERVER ?? "http://localhost:8080";
/** Host stays as the browser sent it: the server compares it with Origin, and refuses a change that another origin asks for. */
const passed = { target: server, changeOrigin: false };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), recipientEntry, textBoxStyles],
  server: { proxy: { "/api": passed, "/dicomweb": passed } },
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
