/** Line icons on a 20 × 20 grid, drawn for this console. Decorative: the text beside them, or a label, says it. */
const paths = {
  overview: "M3 16.500h14M5.500 13.500v-4M10 13.500v-9M14.500 13.500v-6",
  calls: "M4 5.500h12M4 10h12M4 14.500h7",
  sessions: "M5 4.500v8a2 2 0 0 0 2 2h3M5 8h5M12.500 6.500h4v3h-4zM12.500 13h4v3h-4z",
  keys: "M11.500 8.500l5-5M14.500 5.500l2 2M12.500 12a4 4 0 1 1-2.500-5 4 4 0 0 1 2.500 5Z",
  providers: "M4 4.500h12v4.500H4zM4 11h12v4.500H4zM7 6.800h.01M7 13.300h.01",
  connect: "M7 13l-1.500 1.500a2.800 2.800 0 0 1-4-4L4.500 7.500a2.800 2.800 0 0 1 4 0M13 7l1.500-1.500a2.800 2.800 0 0 1 4 4l-3 3a2.800 2.800 0 0 1-4 0M7.500 12.500l5-5",
  copy: "M7 7V4.500A1.500 1.500 0 0 1 8.500 3h7A1.500 1.500 0 0 1 17 4.500v7a1.500 1.500 0 0 1-1.500 1.500H13M4.500 7h7A1.500 1.500 0 0 1 13 8.500v7a1.500 1.500 0 0 1-1.500 1.500h-7A1.500 1.500 0 0 1 3 15.500v-7A1.500 1.500 0 0 1 4.500 7Z",
  check: "M4 10.500l4 4 8-9",
  close: "M5 5l10 10M15 5L5 15",
  plus: "M10 4v12M4 10h12",
  menu: "M3 5.500h14M3 10h14M3 14.500h14",
  sun: "M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M15.700 4.300l-1.100 1.100M5.400 14.600l-1.100 1.100",
  moon: "M16.500 11.800A7 7 0 0 1 8.200 3.500a7 7 0 1 0 8.300 8.300Z",
  system: "M3 4.500h14v9H3zM7.500 17h5M10 13.500V17",
  chevron: "M6 8l4 4 4-4",
  right: "M8 5l5 5-5 5",
  left: "M12 5l-5 5 5 5",
  up: "M10 16V4.500M5 9.500l5-5 5 5",
  warning: "M10 3.500l7.500 13h-15zM10 8.500v3.500M10 14.300h.01",
  person: "M10 10.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM3.500 17c.800-3 3.300-4.500 6.500-4.500s5.700 1.500 6.500 4.500",
  retry: "M16 10a6 6 0 1 1-1.800-4.300M16.500 3v3.500H13",
  pause: "M7 4.500v11M13 4.500v11",
  play: "M6.500 4.500v11l9-5.500z",
  keyboard: "M2.500 5h15v10h-15zM5.500 8h.01M8.500 8h.01M11.500 8h.01M14.500 8h.01M6.500 12h7",
  filter: "M3 5h14M5.500 10h9M8 15h4",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }) {
  return (
    <svg viewBox="0 0 20 20" className={className} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: a bell in its mould. */
export function BellMark({ className = "size-8" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#7c4310" />
      <path d="M16 5.200v2.900" stroke="#f0c083" strokeWidth="2" strokeLinecap="round" />
      <path d="M16 7.600c-4.300 0-6.300 3-6.500 7.200-.2 4.100-1.100 6-2.900 7.900h18.800c-1.800-1.900-2.700-3.800-2.900-7.900-.2-4.200-2.200-7.200-6.500-7.200Z" fill="#f0c083" />
      <path d="M9.300 18.700h13.400" stroke="#7c4310" strokeWidth="1.400" />
      <circle cx="16" cy="25.600" r="1.900" fill="#f0c083" />
    </svg>
  );
}
