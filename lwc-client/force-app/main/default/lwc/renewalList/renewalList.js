import { LightningElement, api } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';
import { registerRefreshHandler, unregisterRefreshHandler } from 'lightning/refresh';
import getRenewals from '@salesforce/apex/ContractGraphController.getRenewals';
import { readFailure, readRenewals } from 'c/contractAnswer';
import { daysUntil, formatDate, formatFromNow, formatMoney } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const LAST = 'zzz'; // after every currency and every day
const dayOf = ({ noticeDeadline }) => noticeDeadline ?? LAST;
const SORTS = {
  deadline: (one, other) => dayOf(one).localeCompare(dayOf(other)),
  // Amounts of different currencies are not compared: within each, the largest first.
  value: (one, other) =>
    (one.totalValue?.currency ?? LAST).localeCompare(other.totalValue?.currency ?? LAST) ||
    Number(other.totalValue?.amount ?? 0) - Number(one.totalValue?.amount ?? 0),
  account: (one, other) => (one.account?.name ?? '').localeCompare(other.account?.name ?? '')
};
const SOON = 14;

/** Contracts in their notice window, the next deadline first: mine, or all that I may see. */
export default class RenewalList extends NavigationMixin(LightningElement) {
  /** `mine` or `all`: whose contracts are shown at first. */
  @api scope = 'mine';
  /** How many are shown at most. */
  @api pageSize = 20;

  answer;
  failure;
  isLoading = true;
  sortedBy = 'deadline';
  pickedScope;
  asked = 0;
  labels = LABELS;

  sorts = [
    { label: LABELS.deadline, value: 'deadline' },
    { label: LABELS.value, value: 'value' },
    { label: LABELS.account, value: 'account' }
  ];
  scopes = [
    { label: LABELS.mine, value: 'mine' },
    { label: LABELS.everybody, value: 'all' }
  ];

  connectedCallback() {
    this.refreshHandler = registerRefreshHandler(this, () => this.load());
    this.load();
  }

  disconnectedCallback() {
    unregisterRefreshHandler(this.refreshHandler);
  }

  async load() {
    const asked = ++this.asked;
    this.isLoading = true;
    let answer, failure;
    try {
      const mine = this.currentScope === 'mine';
      answer = readRenewals(await getRenewals({ mine, pageSize: this.pageSize }));
    } catch (error) {
      failure = readFailure(error);
    }
    if (asked === this.asked) {
      this.answer = answer;
      this.failure = failure;
      this.isLoading = false;
    }
    return !failure;
  }

  get currentScope() {
    return this.pickedScope ?? this.scope;
  }
  get state() {
    if (this.failure) {
      return this.failure.kind;
    }
    if (!this.answer) {
      return 'LOADING';
    }
    if (!this.answer.isShown) {
      return 'NO_ACCESS';
    }
    return this.answer.contracts.length ? undefined : 'NO_RENEWALS';
  }
  get failureMessage() {
    return this.failure?.message;
  }
  get requestId() {
    return this.failure?.requestId;
  }
  get summary() {
    return fill(LABELS.renewalsCount, this.answer.contracts.length, this.answer.total);
  }
  get rows() {
    return [...this.answer.contracts].sort(SORTS[this.sortedBy]).map((each) => {
      const { noticeDeadline } = each;
      const days = noticeDeadline ? daysUntil(noticeDeadline) : undefined;
      return {
        id: each.id,
        recordId: each.opportunity?.salesforceId ?? each.account?.salesforceId,
        isUnlinked: !each.opportunity?.salesforceId && !each.account?.salesforceId,
        title: each.title,
        about: [each.number, each.account?.name, word(each.renewalType)]
          .filter(Boolean)
          .join(' · '),
        value: this.value(each.totalValue),
        deadline: noticeDeadline ? formatDate(noticeDeadline) : LABELS.noticeNone,
        left: noticeDeadline ? formatFromNow(days) : undefined,
        leftClass: days <= SOON ? 'left urgent' : 'left'
      };
    });
  }
  value(money) {
    const { state } = this.answer.access.of('Contract.totalValue', money);
    switch (state) {
      case 'shown':
        return formatMoney(money);
      case 'masked':
        return fill(LABELS.approximately, formatMoney(money));
      default:
        return state === 'hidden' ? LABELS.hidden : LABELS.empty;
    }
  }

  handleSort(event) {
    this.sortedBy = event.detail.value;
  }

  handleScope(event) {
    this.pickedScope = event.detail.value;
    this.load();
  }

  handleRefresh() {
    this.load();
  }

  handleOpen(event) {
    this[NavigationMixin.Navigate]({
      type: 'standard__recordPage',
      attributes: { recordId: event.currentTarget.dataset.record, actionName: 'view' }
    });
  }
}
