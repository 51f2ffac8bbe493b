/**
 * The link's secret stands in the address after “#”. It is taken out of the address bar before anything else runs, so
 * that it reaches no history, no screenshot and no other page; it lives in this variable and nowhere else.
 */
export function takeSecret(): string | undefined {
  const secret = decode(window.location.hash.replace(/^#/, ""));
  if (window.location.hash !== "") window.history.replaceState(null, "", window.location.pathname);
  return secret.length >= 20 && secret.length <= 200 ? secret : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
