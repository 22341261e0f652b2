import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { write } from "../../api/client";
import { keys as keysQuery, queryClient } from "../../api/queries";
import type { Key } from "../../api/types";
import { FormProblem, ProblemView } from "../../components/problem";
import { Button, buttonClass } from "../../components/ui/button";
import { Dialog } from "../../components/ui/dialog";
import { Icon } from "../../components/ui/icon";
import { Badge, Card, Empty, Loading, PageHeader, table, TableScroll } from "../../components/ui/surface";
import { Ago, useNow, When } from "../../components/values";
import { NewKeyDialog } from "./NewKeyDialog";

export default function KeysPage() {
  const list = useInfiniteQuery(keysQuery);
  const { create } = useSearch({ from: "/inside/keys" });
  const navigate = useNavigate({ from: "/keys" });
  const [revoking, setRevoking] = useState<Key | null>(null);
  const setCreating = (open: boolean) => void navigate({ search: open ? { create: "yes" } : {}, replace: true });
  const keys = list.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <>
      <PageHeader title="Keys" lead="A key identifies a caller at the gateway. Its calls and their cost are counted under its name.">
        <Button look="primary" onClick={() => setCreating(true)}>
          <Icon name="plus" /> New key
        </Button>
      </PageHeader>
      <Card flush>
        {list.isPending ? (
          <Loading what="keys" />
        ) : list.isLoadingError ? (
          <ProblemView problem={list.error} retry={() => void list.refetch()} what="The keys" />
        ) : keys.length === 0 ? (
          <Empty title="No keys yet" art={<Icon name="keys" className="size-10" />}>
            <p>Make one for each person, machine or application that calls models. Then put it where Claude Code or your SDK reads it: Connect shows how.</p>
            <p className="flex flex-wrap justify-center gap-2">
              <Button look="primary" onClick={() => setCreating(true)}><Icon name="plus" /> Make the first key</Button>
              <Link to="/connect" className={buttonClass()}>How to connect</Link>
            </p>
          </Empty>
        ) : (
          <>
            <TableScroll label="Keys">
              <table className={table}>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Status</th>
                    <th scope="col" className="max-sm:hidden">Last used</th>
                    <th scope="col" className="max-sm:hidden">Expires</th>
                    <th scope="col" className="max-md:hidden">Made</th>
                    <th scope="col"><span className="sr-only">Actions</span></th>
                  </tr>
                </thead>
                <tbody>
                  {keys.map((key) => <KeyRow key={key.id} item={key} revoke={() => setRevoking(key)} />)}
                </tbody>
              </table>
            </TableScroll>
            {list.hasNextPage && (
              <div className="border-t border-line p-3 text-center">
                <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>More keys</Button>
              </div>
            )}
          </>
        )}
      </Card>
      <NewKeyDialog open={create === "yes"} onOpenChange={setCreating} />
      <RevokeDialog item={revoking} close={() => setRevoking(null)} />
    </>
  );
}

function KeyRow({ item, revoke }: { item: Key; revoke: () => void }) {
  // A key expires while the page stands open; no event tells.
  const now = useNow(10_000, item.status === "active" && item.expiresAt !== null);
  const status = item.status === "active" && item.expiresAt && Date.parse(item.expiresAt) <= now ? "expired" : item.status;
  return (
    <tr className={status === "active" ? undefined : "text-faint"}>
      <td>
        <Link to="/calls" search={{ keyId: item.id }} className="drill font-medium [overflow-wrap:anywhere]" title="The calls of this key">{item.name}</Link>
        <span className="block font-mono text-xs text-faint">{item.prefix}…</span>
        <span className="block text-xs text-faint sm:hidden">
          {item.lastUsedAt ? <>used <Ago at={item.lastUsedAt} /></> : "never used"}{item.expiresAt && status !== "revoked" && <>, {status === "expired" ? "expired" : "expires"} <Ago at={item.expiresAt} /></>}
        </span>
      </td>
      <td>
        {status === "active" ? <Badge tone="good" dot="still">Active</Badge>
          : status === "expired" ? <Badge tone="warn">Expired</Badge>
          : <Badge>Revoked</Badge>}
      </td>
      <td className="max-sm:hidden"><Ago at={item.lastUsedAt} /></td>
      <td className="max-sm:hidden">{item.expiresAt ? <Ago at={item.expiresAt} /> : <span className="text-faint">never</span>}</td>
      <td className="max-md:hidden">
        <When at={item.createdAt} className="whitespace-nowrap" />
        <span className="block text-xs text-faint">{item.createdBy ? `by ${item.createdBy.name}` : "at the command line"}</span>
      </td>
      <td className="text-right">
        {item.status !== "revoked" && <Button size="small" onClick={revoke} aria-label={`Revoke ${item.name}`}>Revoke</Button>}
      </td>
    </tr>
  );
}

function RevokeDialog({ item, close }: { item: Key | null; close: () => void }) {
  const revoke = useMutation({
    mutationFn: (id: string) => write<Key>("DELETE", `/keys/${id}`),
    onSuccess: async () => {
      close();
      await queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  const shut = () => {
    revoke.reset();
    close();
  };
  return (
    <Dialog
      open={item !== null} onOpenChange={(open) => !open && shut()} title={`Revoke “${item?.name ?? ""}”?`}
      description="Within a second no call with this key is served any more. This cannot be undone; what it has cost stays on record."
    >
      <div className="space-y-4">
        {item?.lastUsedAt && <p>It was last used <Ago at={item.lastUsedAt} />.</p>}
        <FormProblem problem={revoke.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={shut}>Keep it</Button>
          <Button look="danger" disabled={revoke.isPending} onClick={() => item && revoke.mutate(item.id)}>{revoke.isPending ? "Revoking…" : "Revoke the key"}</Button>
        </div>
      </div>
    </Dialog>
  );
}
