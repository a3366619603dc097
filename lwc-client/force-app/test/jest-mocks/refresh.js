// The page's refresh: refreshPage() calls every handler that is registered.
const handlers = new Map();
let last = 0;

export function registerRefreshHandler(context, handler) {
  handlers.set(++last, handler);
  return last;
}
export const unregisterRefreshHandler = (id) => handlers.delete(id);
export const refreshPage = () => Promise.all([...handlers.values()].map((handler) => handler()));
export const registered = () => handlers.size;
