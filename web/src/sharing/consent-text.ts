/** A form's paragraphs as they are read to the patient, and apart from them what a template says to staff alone. */
export function readAloud(body: string): { text: string[]; notice: string | undefined } {
  const paragraphs = body.split(/\n{2,}/);
  const [first] = paragraphs;
  return first?.startsWith("TEMPLATE.")
    ? { text: paragraphs.slice(1), notice: first }
    : { text: paragraphs, notice: undefined };
}
