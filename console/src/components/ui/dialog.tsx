import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./button";
import { Icon } from "./icon";

/** A modal dialog: focus stays inside, Escape closes, focus returns. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  dismissable = true,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** False where closing by accident would lose something. */
  dismissable?: boolean;
}) {
  const opener = useRef<Element | null>(null);
  const keep = dismissable ? undefined : (event: Event) => event.preventDefault();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Radix.Content
          onInteractOutside={keep}
          onEscapeKeyDown={keep}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement;
            // A form begins at its first field, not at the button that closes it.
            const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("input, select");
            if (!field) return;
            event.preventDefault();
            field.focus();
          }}
          onCloseAutoFocus={(event) => {
            // Radix goes back to its own trigger only; what opened this may also be gone, as the button of a revoked key.
            event.preventDefault();
            const back = opener.current?.isConnected ? opener.current : document.getElementById("main");
            (back as HTMLElement | null)?.focus();
          }}
          {...(description ? {} : { "aria-describedby": undefined })}
          className="fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-card border border-line bg-surface p-5 shadow-pop sm:p-6"
        >
          <div className="flex items-start justify-between gap-4">
            <Radix.Title className="min-w-0 text-base font-semibold [overflow-wrap:anywhere]">{title}</Radix.Title>
            {dismissable && (
              <Radix.Close asChild>
                <Button look="quiet" size="icon" className="-mt-2 -mr-2" aria-label="Close">
                  <Icon name="close" />
                </Button>
              </Radix.Close>
            )}
          </div>
          {description && <Radix.Description className="mt-1 text-soft">{description}</Radix.Description>}
          <div className="mt-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
