import { Problem } from "../api/client";
import { Button } from "./ui/button";
import { CopyButton } from "./ui/copy";
import { Icon } from "./ui/icon";

const titles: Record<string, string> = {
  unreachable: "No connection",
  timed_out: "The server did not answer in time",
  http_403: "You may not see this",
  http_404: "There is nothing here",
  not_found: "There is nothing here",
};

/** What went wrong, what to do, and the id under which the server's log has it. */
export function ProblemView({ problem, retry, what }: { problem: unknown; retry?: () => void; what?: string }) {
  const known = problem instanceof Problem ? problem : null;
  const title = (known && titles[known.code]) ?? (what ? `${what} could not be loaded` : "Something went wrong");
  return (
    <div role="alert" className="m-4 flex gap-3 rounded-card border border-line bg-bad-wash p-4 text-ink">
      <Icon name="warning" className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="min-w-0 space-y-2">
        <p className="font-semibold">{title}</p>
        <p className="break-words text-soft">{known ? known.message : "This page failed. Reload it; if that does not help, the server's log may say more."}</p>
        {known && known.errors.length > 0 && <Errors of={known} />}
        {known?.requestId && (
          <p className="flex flex-wrap items-center gap-1 text-[0.8125rem] text-soft">
            Request <code className="font-mono break-all">{known.requestId}</code>
            <CopyButton text={known.requestId} label="Copy the request id" />
          </p>
        )}
        {/* What is wrong with the input stays wrong; anything else may pass. */}
        {retry && !known?.errors.length && (
          <Button size="small" onClick={retry}>
            <Icon name="retry" /> Try again
          </Button>
        )}
      </div>
    </div>
  );
}

function Errors({ of }: { of: Problem }) {
  return <>{of.errors.map(({ field, message }) => <span key={field} className="block break-words"><code className="font-mono">{field}</code>: {message}</span>)}</>;
}

/** One line below a form. */
export function FormProblem({ problem }: { problem: unknown }) {
  if (!problem) return null;
  const known = problem instanceof Problem ? problem : null;
  return (
    <p role="alert" className="rounded-lg bg-bad-wash px-3 py-2 text-bad">
      {known ? known.message : "Something went wrong. Try again."}
      {known && known.errors.length > 0 && <Errors of={known} />}
      {known?.requestId && <span className="mt-0.5 block font-mono text-xs break-all">Request {known.requestId}</span>}
    </p>
  );
}
