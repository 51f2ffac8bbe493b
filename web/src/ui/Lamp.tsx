import "./lamp.css";

/** The mark: a safelight that is on. Decorative; the name beside it says what it is. */
export function Lamp({ size = 26, glow = true }: { size?: number; glow?: boolean }) {
  return (
    <span className="lamp" data-glow={glow || undefined} style={{ width: size, height: size }} aria-hidden="true" />
  );
}
