import { LightningElement, api } from 'lwc';
import { formatDate, formatMoney, formatPercent, formatPeriod } from 'c/contractFormat';
import { word } from 'c/contractLabels';

const name = (person) => person.name;
const FACTS = [
  ['totalValue', formatMoney],
  ['arr', formatMoney],
  ['effectiveDate', formatDate],
  ['expirationDate', formatDate],
  ['paymentTerms', String],
  ['billingFrequency', word],
  ['discountPercent', formatPercent],
  ['upliftPercent', formatPercent],
  ['signedDate', formatDate],
  ['liabilityCap', formatMoney],
  ['governingLaw', String],
  ['terminationForConvenience', formatPeriod],
  ['contractOwner', name],
  ['renewalOwner', name]
];
const FIRST = 4;

/** The values that a contract is known by, each with what the policy says of it. */
export default class ContractKeyFacts extends LightningElement {
  /** A contract of the graph. */
  @api contract;
  /** What the policy says: an Access of c/contractAnswer. */
  @api access;
  /** Record of the page. */
  @api recordId;
  /** Whether only the first facts are shown. */
  @api compact = false;

  opened = new Set();

  get facts() {
    return FACTS.slice(0, this.compact ? FIRST : FACTS.length).map(([field, format]) => {
      const value = this.contract[field];
      const key = `${this.contract.id} ${field}`;
      return {
        key,
        field,
        look: this.opened.has(key) ? 'fact open' : 'fact',
        access: this.access.of(`Contract.${field}`, value),
        text: value === null || value === undefined ? '' : format(value)
      };
    });
  }

  // What is opened takes a line of its own: the reason is text, and a column is narrow.
  handleOpening(event) {
    const key = event.currentTarget.dataset.key;
    const opened = new Set(this.opened);
    if (event.detail.isOpen) {
      opened.add(key);
    } else {
      opened.delete(key);
    }
    this.opened = opened;
  }
}
