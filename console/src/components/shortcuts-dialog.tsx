import { Fragment } from "react";
import { places } from "./shortcuts";
import { Dialog } from "./ui/dialog";

export default function ShortcutsDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const rows = [
    ...places.map(({ key, label }) => ({ keys: ["g", key], label: `Go to ${label}` })),
    { keys: ["/"], label: "Go to the filters of a list" },
    { keys: ["t"], label: "Light or dark" },
    { keys: ["?"], label: "This list" },
    { keys: ["Esc"], label: "Close what is open" },
  ];
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[1fr_auto] gap-y-2">
        {rows.map(({ keys, label }) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd className="flex justify-end gap-1">
              {keys.map((key) => (
                <kbd key={key} className="min-w-6 rounded border border-line bg-sunken px-1.5 text-center font-mono text-[0.8125rem]">{key}</kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
