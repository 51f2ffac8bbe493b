import { useState } from "react";

/** The one-time secret after “#”: taken into memory once, and out of the address bar at once. */
export function useSecret(): string | undefined {
  const [secret] = useState(() => {
    const found = window.location.hash.replace(/^#/, "");
    if (found) window.history.replaceState(window.history.state, "", window.location.pathname);
    return found;
  });
  return secret.length >= 20 && secret.length <= 200 ? secret : undefined;
}
