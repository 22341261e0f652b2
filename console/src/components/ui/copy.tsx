import { useEffect, useRef, useState } from "react";
import { Button } from "./button";
import { Icon } from "./icon";

/** The clipboard's modern door is closed on plain http from other machines; the old one is not. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    // Inside an open dialog, or its focus trap would take the focus away before the copy.
    const host = document.activeElement?.closest('[role="dialog"]') ?? document.body;
    const focused = document.activeElement;
    host.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  }
}

export function CopyButton({ text, label, children, look = "quiet" }: { text: string; label: string; children?: string; look?: "quiet" | "plain" | "primary" }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    setState((await copyText(text)) ? "copied" : "failed");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState("idle"), 2000);
  };
  const said = state === "copied" ? "Copied" : state === "failed" ? "Copy by hand: the browser refused" : "";
  return (
    <>
      <Button look={look} size={children ? "normal" : "small"} onClick={copy} aria-label={children ? undefined : label} title={said || label} className={children ? undefined : "px-1.5"}>
        <Icon name={state === "copied" ? "check" : state === "failed" ? "warning" : "copy"} className={state === "copied" ? "size-4 text-good" : "size-4"} />
        {children && (state === "copied" ? "Copied" : children)}
      </Button>
      <span role="status" className="sr-only">{said}</span>
    </>
  );
}

/** Text in a box with a copy button, for commands and secrets. */
export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className="flex items-start rounded-lg border border-line bg-sunken">
      <pre role="region" aria-label={label} tabIndex={0} className="min-w-0 grow overflow-x-auto p-3 font-mono text-[0.8125rem] leading-relaxed"><code>{code}</code></pre>
      <div className="p-1.5"><CopyButton text={code} label={`Copy ${label}`} /></div>
    </div>
  );
}
