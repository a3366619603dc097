import { LightningElement, api } from 'lwc';
import getProvenance from '@salesforce/apex/ContractGraphController.getProvenance';
import { readChanges, readFailure } from 'c/contractAnswer';
import { formatMoment } from 'c/contractFormat';
import { LABELS, fieldLabel, fill, source, word } from 'c/contractLabels';
import { OWNERS } from 'c/contractOwners';

// The history names fields as the database does, and a reference by its id: total_value, renewal_owner_id.
function inHistory(name) {
  const stored = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [stored, `${stored}_id`];
}

/** One value with its label: shown, masked or hidden with the reason, on demand where it comes from. Raises `opening`. */
export default class ContractField extends LightningElement {
  /** Name of the field in the graph, such as totalValue. */
  @api name;
  /** The value as it is to be read. */
  @api text;
  /** What the policy says: { state, reason, rule, mask }. */
  @api access = { state: 'shown' };
  /** Record of the page, by which Apex checks who may ask. */
  @api recordId;
  /** Contract whose value it is. */
  @api contractId;

  isOpen = false;
  isLoading = false;
  changes;
  problem;
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
    return this.access.state === 'empty' || this.access.state === 'maybe';
  }
  get hiddenText() {
    return LABELS.hidden;
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
  get openState() {
    return String(this.isOpen);
  }
  get history() {
    return this.changes?.map((each) => ({
      id: each.id,
      text: fill(
        LABELS.changeBy,
        word(each.decision),
        source(each.claimedBy),
        formatMoment(each.claimedAt ?? each.recordedAt)
      ),
      reason: each.reason
    }));
  }
  get hasNoHistory() {
    return this.changes?.length === 0;
  }

  async handleToggle() {
    this.isOpen = !this.isOpen;
    this.dispatchEvent(
      new CustomEvent('opening', { bubbles: true, detail: { isOpen: this.isOpen } })
    );
    if (this.isOpen && !this.isHidden && !this.changes) {
      await this.load();
    }
  }

  async load() {
    const { recordId, contractId } = this;
    const asked = { recordId, contractId, fields: inHistory(this.name) };
    this.isLoading = true;
    this.problem = undefined;
    try {
      const { changes, hidden } = readChanges(await getProvenance(asked));
      if (hidden) {
        this.problem = LABELS.provenanceDenied;
      } else {
        this.changes = changes;
      }
    } catch (error) {
      this.problem = readFailure(error).message ?? LABELS.unexpected;
    }
    this.isLoading = false;
  }
}
