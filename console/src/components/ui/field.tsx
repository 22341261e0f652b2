import { clsx } from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";
import { Icon } from "./icon";

const box = "h-9 w-full rounded-lg border border-edge bg-surface px-3 text-ink placeholder:text-faint disabled:opacity-60 aria-invalid:border-bad";

/** A labelled input with its hint and its error, tied together for screen readers. */
export function Field({
  label,
  hint,
  error,
  className,
  ...input
}: ComponentProps<"input"> & { label: string; hint?: ReactNode; error?: string }) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      <input id={id} className={box} aria-invalid={error ? true : undefined} aria-describedby={hint || error ? `${id}-note` : undefined} {...input} />
      {(error || hint) && (
        <p id={`${id}-note`} className={clsx("mt-1 text-[0.8125rem]", error ? "text-bad" : "text-faint")}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** The browser's own list of choices: it works with every keyboard, reader and phone. */
export function Select({
  label,
  hideLabel,
  className,
  children,
  ...select
}: ComponentProps<"select"> & { label: string; hideLabel?: boolean }) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1 block font-medium"}>
        {label}
      </label>
      <div className="relative">
        <select id={id} className={clsx(box, "appearance-none truncate pr-8")} {...select}>
          {children}
        </select>
        <Icon name="chevron" className="pointer-events-none absolute top-2.5 right-2.5 size-4 text-faint" />
      </div>
    </div>
  );
}

/** A few choices side by side, as radio buttons. */
export function Segments<T extends string>({
  label,
  value,
  onChange,
  choices,
  className,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: { value: T; label: string }[];
  className?: string;
}) {
  const name = useId();
  return (
    <fieldset className={clsx("inline-flex max-w-full min-w-0 overflow-x-auto rounded-lg border border-line bg-sunken p-0.5", className)}>
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={clsx(
            "relative flex h-8 items-center rounded-md px-2.5 font-medium whitespace-nowrap max-[24rem]:px-1 has-focus-visible:outline-2 has-focus-visible:outline-bronze sm:px-3",
            value === choice.value ? "bg-surface text-ink shadow-card" : "text-soft hover:text-ink",
          )}
        >
          <input type="radio" name={name} value={choice.value} checked={value === choice.value} onChange={() => onChange(choice.value)} className="absolute inset-0 cursor-pointer appearance-none outline-none" />
          <span className="pointer-events-none">{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
