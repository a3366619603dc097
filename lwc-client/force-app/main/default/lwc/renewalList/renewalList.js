import { LightningElement, api } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';
import { registerRefreshHandler, unregisterRefreshHandler } from 'lightning/refresh';
import getRenewals from '@salesforce/apex/ContractGraphController.getRenewals';
import { ask, readRenewals, stateOf } from 'c/contractAnswer';
import { daysUntil, formatDate, formatFromNow, formatMoney, told } from 'c/contractFormat';
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
  labels = LABELS;

  sorts = ['deadline', 'value', 'account'].map((value) => ({ value, label: LABELS[value] }));
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

  load() {
    const asked = { mine: this.currentScope === 'mine', pageSize: this.pageSize };
    return ask(this, 'answer', getRenewals(asked), readRenewals);
  }

  get currentScope() {
    return this.pickedScope ?? this.scope;
  }
  get state() {
    return stateOf(this.failure, this.answer, 'NO_RENEWALS');
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
        title: each.title,
        about: told(each.number, each.account?.name, word(each.renewalType)),
        value: this.value(each.totalValue),
        deadline: noticeDeadline ? formatDate(noticeDeadline) : LABELS.noticeNone,
        left: noticeDeadline && formatFromNow(days),
        leftClass: days <= SOON ? 'left urgent' : 'left'
      };
    });
  }
  value(money) {
    const { state } = this.answer.access.of('Contract.totalValue', money);
    if (!money) {
      return state === 'hidden' ? LABELS.hidden : LABELS.empty;
    }
    const text = formatMoney(money);
    return state === 'masked' ? fill(LABELS.approximately, text) : text;
  }

  handleSort(event) {
    this.sortedBy = event.detail.value;
  }

  handleScope(event) {
    this.pickedScope = event.detail.value;
    this.load();
  }

  handleOpen(event) {
    this[NavigationMixin.Navigate]({
      type: 'standard__recordPage',
      attributes: { recordId: event.currentTarget.dataset.record, actionName: 'view' }
    });
  }
}
