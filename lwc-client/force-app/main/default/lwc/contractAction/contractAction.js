import { LightningElement, api } from 'lwc';
import acknowledgeRenewal from '@salesforce/apex/ContractGraphController.acknowledgeRenewal';
import flagValue from '@salesforce/apex/ContractGraphController.flagValue';
import requestAccess from '@salesforce/apex/ContractGraphController.requestAccess';
import { ask, readSaid } from 'c/contractAnswer';
import { formatMoment, told } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

// What each command sends, how what it made is told, what it asks.
const COMMANDS = {
  acknowledgeRenewal: { send: acknowledgeRenewal, told: LABELS.acknowledgedBy },
  flagValue: { send: flagValue, told: LABELS.flaggedBy, question: LABELS.flagNote },
  requestAccess: { send: requestAccess, told: LABELS.askedBy, question: LABELS.askReason }
};

/** One thing that may be said of a contract, and what was said before. Raises `acted` once it is on record. */
export default class ContractAction extends LightningElement {
  /** acknowledgeRenewal, flagValue or requestAccess. */
  @api command;
  /** Whether the user's role has the command. */
  @api allowed = false;
  /** What was said before: records of the graph. */
  @api said = [];
  /** Record of the page. */
  @api recordId;
  /** Contract. */
  @api contractId;
  /** Field, if it is about one. */
  @api field;

  isOpen = false;
  isLoading = false;
  text = '';
  made;
  failure;
  labels = LABELS;

  get known() {
    return COMMANDS[this.command];
  }
  get records() {
    const all = [...this.said, this.made].filter(Boolean);
    return [...new Map(all.map((each) => [each.id, each])).values()].map((each) => ({
      ...each,
      text: told(
        fill(this.known.told, each.by?.name ?? LABELS.empty, formatMoment(each.at), each.note),
        word(each.outcome),
        each.answer
      )
    }));
  }
  get isOffered() {
    const isDone = this.command !== 'flagValue' && this.records.some(({ outcome }) => !outcome);
    return this.allowed && !this.isLoading && !isDone;
  }
  get isAsking() {
    return this.isOpen && !this.isLoading;
  }
  get offer() {
    return this.failure ? LABELS.retry : this.isOpen ? LABELS.send : LABELS[this.command];
  }
  get problem() {
    const { message, requestId } = this.failure;
    return told(
      fill(LABELS.notSaved, message ?? LABELS.unexpected),
      requestId && fill(LABELS.requestId, requestId)
    );
  }

  // What had the focus goes: it is given to what comes next.
  renderedCallback() {
    this.template.querySelector(this.next)?.focus();
    this.next = null;
  }

  handleText(event) {
    this.text = event.detail.value;
    this.key = undefined;
  }

  handleOffer() {
    if (!this.known.question || this.text.trim()) {
      return this.send();
    }
    this.isOpen = true;
    this.next = 'lightning-input';
    return undefined;
  }

  handleLeave() {
    Object.assign(this, { isOpen: false, text: '', key: undefined, failure: undefined });
    this.next = 'lightning-button';
  }

  // Tried again it has the same key: what arrived unanswered is not done twice.
  async send() {
    const { recordId, contractId, field, known } = this;
    this.key ??= crypto.randomUUID();
    const asked = { recordId, contractId, key: this.key };
    const question = known.send(
      known.question ? { ...asked, field, text: this.text.trim() } : asked
    );
    this.failure = undefined;
    if (await ask(this, 'made', question, readSaid)) {
      this.handleLeave();
      this.next = '.said';
      this.dispatchEvent(new CustomEvent('acted', { bubbles: true, composed: true }));
    } else {
      this.next = 'lightning-button';
    }
  }
}
