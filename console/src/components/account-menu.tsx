import { useMutation } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { write } from "../api/client";
import { live, queryClient } from "../api/queries";
import type { Session } from "../api/types";
import { setTheme, usePreferences } from "../lib/preferences";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuSeparator } from "./ui/menu";

/** Opens at once: it is fetched when it is asked for. */
export default function AccountMenu({ trigger, session, openShortcuts }: { trigger: ReactNode; session: Session | undefined; openShortcuts: () => void }) {
  const { theme } = usePreferences();
  const router = useRouter();
  const leave = useMutation({
    mutationFn: () => write<void>("DELETE", "/session"),
    onSuccess: async () => {
      live.stop();
      queryClient.clear();
      await router.navigate({ to: "/sign-in", search: {} });
    },
  });
  return (
    <>
      <Menu trigger={trigger}>
        <MenuLabel>
          <span className="block break-all">{session?.member?.email}</span>
          <span className="block text-xs text-faint">Bellfounder {session?.version}</span>
        </MenuLabel>
        <MenuSeparator />
        <MenuChoice
          label="Appearance" value={theme} onChange={setTheme}
          choices={[
            { value: "system", label: "As the system", icon: "system" },
            { value: "light", label: "Light", icon: "sun" },
            { value: "dark", label: "Dark", icon: "moon" },
          ]}
        />
        <MenuSeparator />
        <MenuItem icon="person" onSelect={() => void router.navigate({ to: "/account" })}>Account and password</MenuItem>
        <MenuItem icon="keyboard" onSelect={openShortcuts}>Keyboard shortcuts</MenuItem>
        <MenuItem icon="right" onSelect={() => leave.mutate()}>Sign out</MenuItem>
      </Menu>
      {leave.error && <p role="alert" className="px-2.5 text-[0.8125rem] text-bad">Signing out failed: {leave.error.message}</p>}
    </>
  );
}
