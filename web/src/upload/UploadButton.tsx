import { Button, Menu } from "@mantine/core";
import { IconFiles, IconFolder, IconUpload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** The first way to upload; dropping is the second. */
export function UploadButton({ onChoose }: { onChoose: (what: "files" | "folder") => void }) {
  const { t } = useTranslation("upload");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button className="worklist-upload" variant="default" leftSection={<IconUpload size={16} aria-hidden />}>
          {t("title")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconFiles size={16} aria-hidden />} onClick={() => onChoose("files")}>
          {t("files")}
        </Menu.Item>
        <Menu.Item leftSection={<IconFolder size={16} aria-hidden />} onClick={() => onChoose("folder")}>
          {t("folder")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
