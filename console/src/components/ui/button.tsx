import { clsx } from "clsx";
import type { ComponentProps } from "react";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-bronze-fill text-on-bronze hover:bg-bronze-hover border-transparent",
  plain: "bg-surface text-ink border-line hover:bg-sunken",
  quiet: "bg-transparent text-soft border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-bad-fill text-white border-transparent hover:opacity-90",
};

export const buttonClass = (look: Look = "plain", size: "normal" | "small" | "icon" = "normal") =>
  clsx(
    "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg border font-medium whitespace-nowrap transition-colors disabled:opacity-50",
    looks[look],
    size === "normal" && "h-9 px-3.5",
    size === "small" && "h-7 px-2.5 text-[0.8125rem]",
    size === "icon" && "size-9",
  );

export function Button({
  look,
  size,
  className,
  ...rest
}: ComponentProps<"button"> & { look?: Look; size?: "normal" | "small" | "icon" }) {
  return <button type="button" className={clsx(buttonClass(look, size), className)} {...rest} />;
}
