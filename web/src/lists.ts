import { z } from "zod";
import { page } from "#contract/words.ts";

/** A short list, sent whole: plain or as the first page. */
export const listOf = <T extends z.ZodType>(row: T) =>
  z
    .union([z.array(row), page(row)])
    .transform((answer) => (Array.isArray(answer) ? answer : answer.items) as z.infer<T>[]);
