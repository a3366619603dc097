import { LightningElement, api } from 'lwc';
import {
  byLatest,
  byRank,
  formatDate,
  formatMoney,
  formatNumber,
  known,
  told
} from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const THEMES = {
  OVERDUE: 'slds-theme_error',
  FULFILLED: 'slds-theme_success',
  ON_TRACK: 'slds-theme_success',
  AT_RISK: 'slds-theme_warning',
  BREACHED: 'slds-theme_error'
};
const STATES = ['BREACHED', 'AT_RISK', 'ON_TRACK'];
const LAST = '9999-12-31';
const amount = (value, unit) => [formatNumber(value), unit].filter(Boolean).join(' ');

function measured({ unit, measurements }) {
  const last = [...(measurements?.nodes ?? [])].sort(byLatest('periodEnd'))[0];
  return last?.periodEnd && known(last.value)
    ? fill(LABELS.measured, amount(last.value, unit), formatDate(last.periodEnd))
    : LABELS.notMeasured;
}

function price({ quantity, unitPrice, total }) {
  const { currency } = total ?? {};
  const each = currency ? formatMoney({ amount: unitPrice, currency }) : formatNumber(unitPrice);
  return quantity && unitPrice && fill(LABELS.quantityPrice, formatNumber(quantity), each);
}

function dates({ startDate, endDate }) {
  const [from, to] = [startDate, endDate].map((date) => date && formatDate(date));
  return from && fill(to ? LABELS.dateRange : LABELS.from, from, to);
}

// Of each list: what comes first, and how an item is told.
const LISTS = {
  obligations: {
    rank: ({ status, dueDate }) =>
      `${['FULFILLED', 'WAIVED'].includes(status) ? 1 : 0}${dueDate ?? LAST}`,
    tell: ({ deliverable, kind, status, dueDate, responsibleParty }) => ({
      title: deliverable ?? word(kind),
      state: status,
      about: told(
        word(kind),
        dueDate ? fill(LABELS.due, formatDate(dueDate)) : LABELS.noDue,
        responsibleParty && fill(LABELS.owedBy, responsibleParty.legalName)
      )
    })
  },
  serviceLevels: {
    rank: ({ state }) => STATES.indexOf(state),
    tell: (level) => ({
      title: level.metric,
      state: level.state,
      about: told(
        known(level.target) && fill(LABELS.target, amount(level.target, level.unit)),
        measured(level)
      )
    })
  },
  lines: {
    rank: ({ startDate }) => startDate ?? '',
    tell: (line) => ({
      title: line.description ?? line.product?.name ?? LABELS.empty,
      total: line.total ? formatMoney(line.total) : LABELS.empty,
      about: told(
        price(line),
        dates(line),
        known(line.recurring) && (line.recurring ? LABELS.recurring : LABELS.oneTime)
      )
    })
  }
};

/** What hangs on a contract, a line or two each: its obligations, service levels or lines. */
export default class ContractItems extends LightningElement {
  /** obligations, serviceLevels or lines. */
  @api kind;
  /** Items of the graph. */
  @api items = [];

  get rows() {
    const { rank, tell } = LISTS[this.kind];
    return [...this.items].sort(byRank(rank)).map((each) => {
      const row = tell(each);
      const theme = THEMES[row.state] ?? 'slds-badge_lightest';
      return { ...row, id: each.id, badge: `slds-badge ${theme}`, state: word(row.state) };
    });
  }
}
