import { useEffect, useState } from "react";

/** A dialog that is mounted only while it is open gives the focus back to where it came from. */
export function useReturnFocus(): void {
  const [from] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (from instanceof HTMLElement && from.isConnected) from.focus();
    },
    [from],
  );
}
