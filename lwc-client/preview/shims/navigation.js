// Tells the page where the component would go; the page shows the record if it has it.
const Navigate = Symbol('navigate');
const GenerateUrl = Symbol('generate url');

export const NavigationMixin = (Base) =>
  class extends Base {
    [Navigate](reference) {
      window.dispatchEvent(new CustomEvent('preview:navigate', { detail: reference }));
    }
    [GenerateUrl]() {
      return Promise.resolve('#');
    }
  };
NavigationMixin.Navigate = Navigate;
NavigationMixin.GenerateUrl = GenerateUrl;
