import { LightningElement, api } from 'lwc';
import { provenanceOf } from 'c/contractAnswer';
import { formatDate, formatMoney, formatPercent, formatPeriod, known } from 'c/contractFormat';
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
  ['renewalOwner', name],
  ['status', word]
];
const FIRST = 4;

/** The values that a contract is known by, each with what the policy says of it. */
export default class ContractKeyFacts extends LightningElement {
  /** A contract of the graph. */
  @api contract;
  /** An Access of c/contractAnswer. */
  @api access;
  /** Record of the page. */
  @api recordId;
  /** Whether only the first facts are shown. */
  @api compact = false;

  get facts() {
    const { contract, recordId } = this;
    return FACTS.slice(0, this.compact ? FIRST : FACTS.length).map(([field, format]) => {
      const value = contract[field];
      const access = this.access.of(`Contract.${field}`, value);
      const properties = {
        name: field,
        text: known(value) ? format(value) : '',
        access,
        provenance: provenanceOf(contract, field),
        said: this.access.said(access.command, contract, field),
        recordId,
        contractId: contract.id
      };
      return { key: `${contract.id} ${field}`, properties };
    });
  }
}
