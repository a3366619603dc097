import { LightningElement, api } from 'lwc';
import { LABELS, fill } from 'c/contractLabels';

const look = (icon, title, body, retry) => ({ icon, title, body, retry });
const LOOKS = {
  LOADING: {},
  EMPTY: look('standard:contract', LABELS.emptyTitle, LABELS.emptyBody),
  NO_RENEWALS: look('standard:task2', LABELS.noRenewalsTitle, LABELS.noRenewalsBody),
  NO_ACCESS: look('utility:lock', LABELS.noAccessTitle, LABELS.noAccessBody),
  NOT_SAID: look('utility:clock', LABELS.notSaidTitle, LABELS.notSaidBody, true),
  UNAVAILABLE: look('utility:offline', LABELS.unavailableTitle, LABELS.unavailableBody, true),
  ERROR: look('utility:warning', LABELS.errorTitle, LABELS.unexpected, true)
};

/** What is shown instead of contracts. Raises `retry`. */
export default class ContractState extends LightningElement {
  /** One of LOOKS. */
  @api kind = 'LOADING';
  /** What happened: { message, requestId }. */
  @api failure;

  labels = LABELS;

  get look() {
    return LOOKS[this.kind] ?? LOOKS.ERROR;
  }
  get isLoading() {
    return this.kind === 'LOADING';
  }
  get role() {
    return this.look.retry ? 'alert' : 'status';
  }
  get body() {
    return this.failure?.message ?? this.look.body;
  }
  get requestText() {
    const id = this.failure?.requestId;
    return id && fill(LABELS.requestId, id);
  }

  handleRetry() {
    this.dispatchEvent(new CustomEvent('retry'));
  }
}
