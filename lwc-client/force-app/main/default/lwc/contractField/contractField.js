import { LightningElement, api } from 'lwc';
import getProvenance from '@salesforce/apex/ContractGraphController.getProvenance';
import { ask, readChanges } from 'c/contractAnswer';
import { formatMoment } from 'c/contractFormat';
import { LABELS, fieldLabel, fill, source, word } from 'c/contractLabels';
import { OWNERS } from 'c/contractOwners';

// The history names fields as the database does, and a reference by its id: total_value, renewal_owner_id.
function inHistory(name) {
  const stored = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [stored, `${stored}_id`];
}

/** One value with its label: shown, masked or hidden with the reason, on demand where it comes from. */
export default class ContractField extends LightningElement {
  /** Name of the field in the graph, such as totalValue. */
  @api name;
  /** The value as it is to be read. */
  @api text;
  /** What the policy says: { state, reason, rule, mask }. */
  @api access = { state: 'shown' };
  /** What was said of it: records of the graph. */
  @api said = [];
  /** Record of the page, by which Apex checks who may ask. */
  @api recordId;
  /** Contract whose value it is. */
  @api contractId;

  isOpen = false;
  isLoading = false;
  answer;
  failure;
  labels = LABELS;

  get label() {
    return fieldLabel(this.name);
  }
  get isHidden() {
    return this.access.state === 'hidden';
  }
  get isMasked() {
    return this.access.state === 'masked';
  }
  get isEmpty() {
    return ['empty', 'maybe'].includes(this.access.state);
  }
  get emptyText() {
    return this.access.state === 'maybe' ? LABELS.hiddenMaybe : LABELS.empty;
  }
  get maskText() {
    return fill(LABELS.maskedWith, this.access.mask);
  }
  get icon() {
    return this.isHidden ? 'utility:lock' : 'utility:info';
  }
  get buttonLabel() {
    return fill(this.isHidden ? LABELS.whyHidden : LABELS.details, this.label);
  }
  get ruleText() {
    return this.access.rule && fill(LABELS.rule, this.access.rule);
  }
  get ownerText() {
    return fill(LABELS.owner, word(OWNERS[this.name]));
  }
  get history() {
    return this.answer?.changes.map((each) => ({
      id: each.id,
      text: fill(
        each.reason ? LABELS.changeWhy : LABELS.changeBy,
        word(each.decision),
        source(each.claimedBy),
        formatMoment(each.claimedAt ?? each.recordedAt),
        each.reason
      )
    }));
  }
  get hasNoHistory() {
    return this.answer?.changes.length === 0 && !this.problem;
  }
  get problem() {
    if (this.failure) {
      return this.failure.message ?? LABELS.unexpected;
    }
    return this.answer?.hidden ? LABELS.provenanceDenied : undefined;
  }

  handleToggle() {
    this.isOpen = !this.isOpen;
    // What is opened takes a line of its own: the reason is text, and a column is narrow.
    this.template.host.classList.toggle('open', this.isOpen);
    if (this.isOpen && !this.isHidden && !this.answer) {
      const { recordId, contractId } = this;
      const asked = { recordId, contractId, fields: inHistory(this.name) };
      ask(this, 'answer', getProvenance(asked), readChanges);
    }
  }
}
