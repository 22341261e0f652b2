import { get } from "../api/client";

/**
 * A page's code, fetched when the page is first wanted. Where it is gone after an update of the server, the router reloads
 * the console. While the server is away that would lose the console, so then this is an ordinary problem.
 */
export function pageCode<M>(load: () => Promise<M>): () => Promise<M> {
  return async () => {
    try {
      return await load();
    } catch (failure) {
      await get("/session");
      throw failure;
    }
  };
}
