import { LightningElement, api } from 'lwc';
import { LABELS, fill } from 'c/contractLabels';

const LOOKS = {
  LOADING: {},
  EMPTY: { icon: 'standard:contract', title: LABELS.emptyTitle, body: LABELS.emptyBody },
  NO_RENEWALS: {
    icon: 'standard:task2',
    title: LABELS.noRenewalsTitle,
    body: LABELS.noRenewalsBody
  },
  NO_ACCESS: { icon: 'utility:lock', title: LABELS.noAccessTitle, body: LABELS.noAccessBody },
  UNAVAILABLE: {
    icon: 'utility:offline',
    title: LABELS.unavailableTitle,
    body: LABELS.unavailableBody,
    retry: true
  },
  ERROR: { icon: 'utility:warning', title: LABELS.errorTitle, retry: true }
};

/** What is shown instead of contracts: loading, empty, no access, unavailable or an error. Raises `retry`. */
export default class ContractState extends LightningElement {
  /** LOADING, EMPTY, NO_RENEWALS, NO_ACCESS, UNAVAILABLE or ERROR. */
  @api kind = 'LOADING';
  /** What happened, in words for the user. */
  @api message;
  /** By which the operator finds the request in the log. */
  @api requestId;

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
    return this.message ?? this.look.body ?? LABELS.unexpected;
  }
  get requestText() {
    return fill(LABELS.requestId, this.requestId);
  }

  handleRetry() {
    this.dispatchEvent(new CustomEvent('retry'));
  }
}
