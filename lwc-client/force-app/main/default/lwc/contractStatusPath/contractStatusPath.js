import { LightningElement, api } from 'lwc';
import { LABELS, fill, word } from 'c/contractLabels';

const STEPS = ['DRAFT', 'IN_REVIEW', 'PENDING_SIGNATURE', 'EXECUTED', 'ACTIVE'];
// What comes after ACTIVE goes round: the path ends with where the contract stands now.
const stepsTo = (status) => (STEPS.includes(status) ? STEPS : [...STEPS, status]);

/** Where a contract stands on its way: a path where there is room, one line where there is none. */
export default class ContractStatusPath extends LightningElement {
  /** Status of the contract, such as ACTIVE. */
  @api status;

  labels = LABELS;

  get steps() {
    return stepsTo(this.status).map((value) => ({ value, label: word(value) }));
  }
  get place() {
    const steps = stepsTo(this.status);
    return fill(LABELS.stepOf, steps.indexOf(this.status) + 1, steps.length);
  }
  get statusText() {
    return word(this.status);
  }
}
