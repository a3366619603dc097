import { LightningElement, api } from 'lwc';
import { LABELS, fill } from 'c/contractLabels';

const look = (icon, title, body, retry) => ({ icon, title, body, retry });
const LOOKS = {
  LOADING: {},
  EMPTY: look('standard:contract', LABELS.emptyTitle, LABELS.emptyBody),
  NO_RENEWALS: look('standard:task2', LABELS.noRenewalsTitle, LABELS.noRenewalsBody),
  NO_ACCESS: look('utility:lock', LABELS.noAccessTitle, LABELS.noAccessBody),
  UNAVAILABLE: look('utility:offline', LABELS.unavailableTitle, LABELS.unavailableBody, true),
  ERROR: look('utility:warning', LABELS.errorTitle, LABELS.unexpected, true)
};

/** What is shown instead of contracts: loading, empty, no access, unavailable or an error. Raises `retry`. */
export default class ContractState extends LightningElement {
  /** LOADING, EMPTY, NO_RENEWALS, NO_ACCESS, UNAVAILABLE or ERROR. */
  @api kind = 'LOADING';
  /** What happened: { message, requestId }, of which the operator finds the request in the log. */
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
