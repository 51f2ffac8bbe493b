/** The recipient's page. Plain words, one thought a sentence. */
export const portalWords = {
  title: "Shared images",
} as const;
