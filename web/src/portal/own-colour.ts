/** The organisation's colour becomes the portal's accent, darkened until white words on it can be read (WCAG 2.2 §1.4.3: 4.5 to 1). */
export function ownAccent(colour: string): void {
  const style = accentStyle(colour);
  for (const [name, value] of Object.entries(style)) document.documentElement.style.setProperty(name, value);
}

export function accentStyle(colour: string): Record<string, string> {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return {};
  let rgb = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  while (contrastWithWhite(rgb) < 4.6) rgb = rgb.map((part) => Math.floor(part * 0.93));
  const accent = `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  return {
    "--accent": accent,
    "--accent-hover": `color-mix(in srgb, ${accent} 88%, #000)`,
    "--accent-text": `color-mix(in srgb, ${accent} 86%, #000)`,
    "--accent-dim": `color-mix(in srgb, ${accent} 10%, #fff)`,
  };
}

function contrastWithWhite(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}
