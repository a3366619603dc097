// Puts the components on a page as App Builder would, for whoever has signed in (signin.js of GraphiQL).
import '@lwc/synthetic-shadow';
import { createElement } from 'lwc';
import ContractPanel from 'c/contractPanel';
import RenewalList from 'c/renewalList';
import SyncHealth from 'c/syncHealth';

const KINDS = {
  panel: ['c-contract-panel', ContractPanel],
  renewals: ['c-renewal-list', RenewalList],
  sync: ['c-sync-health', SyncHealth]
};

window.preview.show = (place, kind, properties) => {
  const [name, component] = KINDS[kind];
  const element = Object.assign(createElement(name, { is: component }), properties);
  place.replaceChildren(element);
  return element;
};
window.dispatchEvent(new CustomEvent('preview:ready'));
