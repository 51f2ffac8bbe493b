import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type ReactNode, useEffect } from "react";
import { type Room, useRoomChoice } from "./room.ts";
import { theme } from "./theme.ts";

/** Puts the page into its room: the route suggests one, the person's own choice wins, unless the room is fixed (the viewer is always dark). */
export function Lit({ suggests, fixed = false, children }: { suggests: Room; fixed?: boolean; children: ReactNode }) {
  const [choice] = useRoomChoice();
  const room = fixed || choice === "auto" ? suggests : choice;
  useEffect(() => {
    document.documentElement.className = `room-${room}`;
  }, [room]);
  return (
    <MantineProvider theme={theme} forceColorScheme={room} withCssVariables={false} withGlobalClasses={false}>
      <Notifications position="bottom-right" />
      {children}
    </MantineProvider>
  );
}
