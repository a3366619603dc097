import { LightningElement, api } from 'lwc';
import getProvenance from '@salesforce/apex/ContractGraphController.getProvenance';
import { ask, readChanges } from 'c/contractAnswer';
import { formatMoment, told } from 'c/contractFormat';
import { LABELS, fieldLabel, fill, namesOf, owned, reasoned, source, word } from 'c/contractLabels';
import { OWNERS } from 'c/contractOwners';

/** One value: shown, masked or hidden with the reason, on demand where it comes from. */
export default class ContractField extends LightningElement {
  /** Name of the field in the graph, such as totalValue. */
  @api name;
  /** The value as it is to be read. */
  @api text;
  /** What the policy says: { state, reason, rule, mask }. */
  @api access = { state: 'shown' };
  /** Where it comes from: a Provenance of the graph, null if no event told it. */
  @api provenance;
  /** What was said of it: records of the graph. */
  @api said = [];
  /** Record of the page. */
  @api recordId;
  /** Contract whose value it is. */
  @api contractId;

  isOpen = false;
  isLoading = false;
  answer;
  failure;

  get label() {
    return fieldLabel(this.name);
  }
  get isHidden() {
    return this.access.state === 'hidden';
  }
  get absence() {
    const { hidden, empty } = LABELS;
    return { hidden, empty, maybe: LABELS.hiddenMaybe }[this.access.state];
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
    return owned(OWNERS[this.name], this.known?.owner);
  }
  // Of what is not shown as it is nothing is told but its owner.
  get isTold() {
    return ['shown', 'empty'].includes(this.access.state);
  }
  get known() {
    return this.isTold ? this.provenance : undefined;
  }
  get mark() {
    if (this.access.state === 'masked') {
      return { icon: 'utility:hide', text: fill(LABELS.maskedWith, this.access.mask) };
    }
    const who = word(this.known?.refusedSystem);
    return who && { icon: 'utility:warning', text: fill(LABELS.refusedMark, who) };
  }
  get reason() {
    const { refusedAt, refusedBecause } = this.known ?? {};
    return refusedAt
      ? fill(LABELS.refusedEdit, formatMoment(refusedAt), reasoned(refusedBecause))
      : this.access.reason;
  }
  get origin() {
    const { known } = this;
    if (known?.system) {
      const moments = [known.claimedAt, known.recordedAt].map(formatMoment);
      return fill(LABELS.cameFrom, word(known.system), known.source, ...moments);
    }
    return known !== undefined && OWNERS[this.name] !== 'DERIVED' && LABELS.knownBefore;
  }
  get history() {
    return this.answer?.changes?.map((each) => ({
      id: each.id,
      text: told(
        fill(
          LABELS.changeBy,
          word(each.decision),
          source(each.claimedBy),
          formatMoment(each.claimedAt ?? each.recordedAt)
        ),
        reasoned(each.reason)
      )
    }));
  }
  get status() {
    const { answer, failure, isLoading } = this;
    if (failure) {
      return failure.message ?? LABELS.unexpected;
    }
    return isLoading ? LABELS.loading : answer && !answer.changes && LABELS.provenanceDenied;
  }

  handleToggle() {
    this.isOpen = !this.isOpen;
    // What is opened takes a line of its own: the reason is text, and a column is narrow.
    this.template.host.classList.toggle('open', this.isOpen);
    if (this.isOpen && this.isTold && !this.answer) {
      const { recordId, contractId } = this;
      const asked = { recordId, contractId, fields: namesOf(this.name) };
      ask(this, 'answer', getProvenance(asked), readChanges);
    }
  }
}
