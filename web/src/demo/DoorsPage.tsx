import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Lamp } from "../ui/Lamp.tsx";
import { sayRefusal } from "../words/say.ts";
import { DoorPicture } from "./DoorPicture.tsx";
import { type Door, doorsQuery, enterDoor } from "./queries.ts";
import "./doors.css";

/** The demo's first page: four doors in a dark room, light behind each. */
export function DoorsPage() {
  const { t } = useTranslation("demo");
  const { data: doors } = useQuery({
    ...doorsQuery,
    refetchInterval: ({ state }) => (state.data?.length === 0 ? 1500 : false),
  });
  const { opening, error, enter } = useEnterDoor();
  return (
    <main className="doors">
      <header>
        <div className="doors-mark">
          <Lamp size={34} />
          <span>Safelight</span>
        </div>
        <h1>{t("title")}</h1>
        <p>{t("lead")}</p>
      </header>
      <div className="doors-row" data-opening={opening !== undefined || undefined}>
        {doors?.map((door) => (
          <button
            key={door.door}
            type="button"
            className="door"
            data-open={opening === door.door || undefined}
            disabled={opening !== undefined}
            onClick={() => void enter(door.door)}
          >
            <span className="door-light" aria-hidden="true">
              <DoorPicture door={door.door} />
            </span>
            <span className="door-words">
              <b>{t(`door.${door.door}.title`)}</b>
              <span>{door.text || t(`door.${door.door}.text`)}</span>
            </span>
            <span className="door-enter">{opening === door.door ? t("entering") : t("enter")} →</span>
          </button>
        ))}
      </div>
      {doors?.length === 0 && (
        <p className="doors-warm" role="status">
          {t("warming")}
        </p>
      )}
      {error !== undefined && (
        <p role="alert" className="doors-error">
          {error}
        </p>
      )}
      <footer>
        <span>{t("foot")}</span>
        <Link to="/signin">{t("signIn")}</Link>
      </footer>
    </main>
  );
}

function useEnterDoor() {
  const queries = useQueryClient();
  const [opening, setOpening] = useState<Door["door"]>();
  const [error, setError] = useState<string>();
  const enter = async (door: Door["door"]) => {
    setOpening(door);
    setError(undefined);
    try {
      const { go } = await enterDoor(door);
      queries.clear();
      window.location.assign(go.startsWith("/") && !go.startsWith("//") ? go : "/studies");
    } catch (thrown) {
      setError(sayRefusal(thrown));
      setOpening(undefined);
    }
  };
  return { opening, error, enter };
}
