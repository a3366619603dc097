// The page's refresh: a RefreshEvent calls every handler that is registered.
const handlers = new Map();
let last = 0;

export function registerRefreshHandler(context, handler) {
  handlers.set(++last, handler);
  return last;
}
export const unregisterRefreshHandler = (id) => handlers.delete(id);

export class RefreshEvent extends CustomEvent {
  constructor() {
    super('lightning__refresh', { bubbles: true, composed: true });
  }
}
window.addEventListener('lightning__refresh', () => handlers.forEach((handler) => handler()));
