// Keeps where a component went, instead of going there.
export const visited = [];

export function NavigationMixin(Base) {
  class Navigable extends Base {}
  Navigable.prototype[NavigationMixin.Navigate] = (reference) => visited.push(reference);
  return Navigable;
}
NavigationMixin.Navigate = Symbol('navigate');
