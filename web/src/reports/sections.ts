/** A report's sections in reading order. */
export const SECTIONS = ["indication", "comparison", "findings", "impression"] as const;
