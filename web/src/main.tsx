import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/mantine.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refused, whenSignedOut } from "./api.ts";
import { anyUnsaved } from "./reports/queries.ts";
import { routeTree } from "./routes.tsx";
import { adoptMantineVariables } from "./ui/mantine-variables.ts";
import { Oops } from "./ui/Oops.tsx";
import { startWords } from "./words/start.ts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, thrown) => count < 2 && thrown instanceof Refused && (thrown.status === 0 || thrown.status >= 500),
      refetchOnWindowFocus: false,
      staleTime: 15_000,
    },
  },
});

const router = createRouter({
  routeTree,
  context: { queries },
  defaultPreload: "intent",
  defaultErrorComponent: Oops,
  defaultNotFoundComponent: () => <Oops error={new Refused(404, { code: "access.denied", message: "" })} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

whenSignedOut(() => {
  const { pathname } = router.state.location;
  if (pathname === "/signin" || pathname === "/") return;
  queries.clear();
  void router.navigate({ to: "/signin", search: { to: pathname, ended: true } });
});

addEventListener("beforeunload", (event) => {
  if (anyUnsaved(queries)) event.preventDefault();
});

adoptMantineVariables();
await startWords();
const host = document.getElementById("root");
if (host)
  createRoot(host).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
